"""The member's card at /c/<merchant>: join, the card itself, a stamp by the counter's code, a reward's changing code.

Works without JavaScript; a member is signed in by a cookie for this merchant only.
"""
