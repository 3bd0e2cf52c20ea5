"""The counter: the screen that stays open at the till. One-use codes, stamps by member code, rewards.

A code is burnt by one conditional UPDATE in the transaction that acts on it, so two phones can't share it.
"""
