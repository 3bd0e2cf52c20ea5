"""A stand-in for Stripe over real HTTP, for the demo mode and for tests; never part of a live service.

`server.StandIn(path).start()` serves the API below /v1 and the hosted pages on 127.0.0.1. Invariants: every request
is checked against the parameter types of the installed Stripe library, and every answer against its classes; what
Stripe doesn't know is a 400, what it knows and we don't model is a 501, and nothing is ignored. The state is one
SQLite file. Webhooks are really signed and really sent.
"""
