"""People who log in: users, their sessions, their place on a merchant's staff, invitations and mailed links.

Sessions and mailed links are opaque: the database keeps a SHA-256 of a random token, never the token.
Whoever changes a password ends every session of that user.
"""
