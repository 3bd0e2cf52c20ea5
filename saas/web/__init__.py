"""HTTP for every room: access and binding of a request, rendering, refusals, security headers, throttles, jobs, mail.

Invariants: every endpoint declares who may call it; the declaration opens the transaction; a status of 400 or more
rolls it back.
"""
