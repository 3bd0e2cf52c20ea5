"""API keys: what a merchant's own till or site shows at /api/v1. A key names its merchant and has scopes.

Invariants: a key is shown once, when it is made; only its SHA-256 and its last four characters are kept. An unknown
key, a revoked one and one of a merchant that is not open are told apart by nobody.
"""
