"""The units that members hold: lots with their expiry, what they are spent on, tiers, bonuses, and what they become.

Invariants: a balance is the sum of its entries; it is also what its lots hold, plus what was given by hand and never
expires, minus the debt where more was taken back than was there. No lot is below zero. Every change is an entry,
written under the enrolment's lock; a reward is issued once, then fulfilled once, or cancelled or expired, which gives
its units back under their old expiry.
"""
