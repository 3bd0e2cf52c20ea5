"""Segments: filters of members that are kept under a name, always current, and asked for by programs and coupons.

A segment's name stays as it is, since the rules of programs and coupons name it.
"""
