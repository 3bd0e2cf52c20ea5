"""The console of whoever runs the service, at /operator: apart from merchants' users, with a log-in of its own.

An operator proves two factors, always. What an operator does to a merchant is written into a chain of actions, which
nobody can change unseen, and the owner reads it. An operator who enters a merchant's console can change nothing there:
the database itself refuses.
"""
