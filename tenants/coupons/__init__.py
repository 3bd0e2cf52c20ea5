"""Coupons: an offer (coupon) in versions, its issued codes, what was used of them, and who was left out on purpose.

Invariants: a published version never changes, and a code keeps the version it was issued under. A limit of N means
exactly N, whoever uses it at once: uses are taken by conditional updates of counters and of the code's own row, in one
order. Each counter that exists says how many uses stand. An unknown code and somebody else's look alike. Who is held
back for comparison is drawn when codes are issued, and stored.
"""
