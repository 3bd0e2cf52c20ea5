"""The API at /api/v1: what a merchant's own till or site reads and writes, with a key instead of a person.

A resource is one module: its schemas, its operations with a scope and an example each, and nothing of HTTP. The
document at /api/v1/openapi.json and its page are made of these modules. Invariants: an unknown field is refused and
named; under one Idempotency-Key a change is made once; every answer is in the document.
"""
