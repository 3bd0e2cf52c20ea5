"""The member's card at /c/<merchant>: joining, stamps by the counter's code, rewards by changing codes.

Works without JavaScript; a member is signed in by a cookie for this merchant only.
"""
