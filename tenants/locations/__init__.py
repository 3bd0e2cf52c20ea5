"""Where a merchant receives members: addresses and opening hours, and the shop's logo.

Every merchant has at least one location; opening hours are local to the merchant's time zone.
"""
