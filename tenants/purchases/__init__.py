"""Purchases: visits with an amount, by a member, today read from a file; a row of a file is taken once.

Invariant: `request_key` is made from the row's content and its place among equal rows, so reading a file
again adds
nothing.
"""
