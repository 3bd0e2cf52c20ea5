"""Where a merchant receives members: addresses and opening hours, and the files (logo) that belong to the shop.

Every merchant has at least one location; opening hours are local to the merchant's time zone.
"""
