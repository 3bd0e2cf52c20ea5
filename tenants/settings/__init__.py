"""The shop's settings: what the registry says of it, its brand, its locations.

The registry's side is written in the platform's transaction, pictures and locations in the merchant's, one
after the other. A logo is only ever kept as pixels that we encoded ourselves.
"""
