"""Members: people who hold a card. A member number has a check digit; a phone or an e-mail address is optional.

A member is signed in by a long-lived cookie whose SHA-256 is kept; a lost card is recovered by a mailed link.
"""
