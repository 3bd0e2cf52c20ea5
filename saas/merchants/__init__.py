"""The registry of merchants: who there is, under which slug, in which schema, with which settings.

A merchant's row is the only thing about it outside its own schema, apart from its staff. `registry.find()`
answers from a copy a few seconds old; a schema name never changes and is never given to another merchant.
"""
