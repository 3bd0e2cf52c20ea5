"""Programs and their ledger: what is promised (versions), who takes part (enrolments), what happened (entries).

Invariants: entries are append-only (the merchant's role has no UPDATE or DELETE on them) and an enrolment's balance is
their sum, written in the same transaction under the enrolment's row lock. A card under way keeps the terms it began
with, unless newer ones are better for the member. A reward is handed out once.
"""
