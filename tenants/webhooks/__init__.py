"""Webhooks out, by the Standard Webhooks specification: the shop's own systems are told what happened.

The merchant's rows are the outbox: a job reads what is new since each endpoint's position (`outbox.collect`), writes
events with a delivery for each endpoint that wants them, and another job sends these (`dispatch`). So nothing that
causes an event knows of webhooks, or pays for them. Invariants: an event's id follows from what it tells of, so that
reading twice adds nothing; every attempt is on record; no address but a public one is ever connected to.
"""
