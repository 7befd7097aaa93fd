"""A service to talk to."""

from helpers.service_fixtures import address, ann, bob, client, home, overrides, service, two, users

__all__ = ["address", "ann", "bob", "client", "home", "overrides", "service", "two", "users"]
