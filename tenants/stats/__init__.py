"""What the program did: enrolled and active members, stamps, rewards, returns, and all that happened.

Every figure is a query over the ledger, none is kept; undone stamps count nowhere.
"""
