"""The platform: what exists once for all merchants, in the database schema `platform`.

It knows nothing of a merchant's own rooms (`tenants`): `wsgi.py` hands those to `create_app`. Inside, imports
go one way: operator → billing, partners → accounts → merchants → web → db → config.
"""
