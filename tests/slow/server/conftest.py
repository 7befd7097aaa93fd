"""A service to talk to, and a browser that looks at its page."""

from helpers.page_fixtures import axe, chromium, page
from helpers.service_fixtures import address, ann, bob, client, home, overrides, service, two, users

__all__ = [
    "address", "ann", "axe", "bob", "chromium", "client", "home", "overrides", "page", "service", "two", "users"
]  # fmt: skip
