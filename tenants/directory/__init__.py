"""The members' pages in the console: list, search and filters, one member with cards and reasons, add, edit, export.

Members themselves live in tenants.members; this surface also shows their cards, rewards and purchases.
"""
