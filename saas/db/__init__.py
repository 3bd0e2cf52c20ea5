"""The database room: one construct opens a transaction and binds it to the platform or to one merchant's schema.

Invariants: no statement runs outside `transaction()`; a transaction sees one merchant's schema or the platform's, never
two merchants'; search path and role are set for the transaction only, so a pooled connection carries nothing over.
"""

from saas.db.base import PlatformBase, TenantBase, new_id
from saas.db.session import (
    PLATFORM,
    Binding,
    NestedTransaction,
    Unbound,
    bound,
    configure_engine,
    db,
    read_only,
    transaction,
)

__all__ = [
    "PLATFORM",
    "Binding",
    "NestedTransaction",
    "PlatformBase",
    "TenantBase",
    "Unbound",
    "bound",
    "configure_engine",
    "db",
    "new_id",
    "read_only",
    "transaction",
]
