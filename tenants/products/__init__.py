"""Products: what the shop sells, as programs and coupons speak of it: SKU, category, tags, price, exclusions.

Invariants: a SKU is one product however its letters are cased; a product is archived, never deleted; categories and
tags are the shop's own words, and one spelling of each is kept. Tills add products by selling them.
"""
