"""What merchants pay for Regulars: plans, Stripe, and the stand-in that takes Stripe's place without a key.

Invariant: Stripe is the only truth about subscriptions; whatever is kept here is a copy that can be fetched again.
"""
