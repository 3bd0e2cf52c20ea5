"""What `regulars run` does: database, migrations, demo, web server and worker, started and stopped as one.

Invariants: what was started is stopped, however this process ends; a run that can't begin says why in one line.
"""

from saas.supervisor.child import Child
from saas.supervisor.conditions import RunError
from saas.supervisor.run import main

__all__ = ["Child", "RunError", "main"]
