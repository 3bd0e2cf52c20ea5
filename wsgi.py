"""The roof: the platform with the rooms of a merchant."""

from saas.app import create_app
from tenants.rooms import blueprints

app = create_app(blueprints())
