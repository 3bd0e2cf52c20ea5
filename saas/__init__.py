"""The platform: what exists once for all merchants, in the database schema `platform`.

It knows nothing of a merchant's own rooms (`tenants`), which `wsgi.py` hands to `create_app`. Inside, the imports
go one way: operator → billing, partners → accounts → merchants → web → db → config.
"""
