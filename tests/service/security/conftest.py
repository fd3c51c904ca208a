"""An office with accounts: a client for any role and region, through a real session."""

import pytest
from fastapi.testclient import TestClient

from service.app import app_of
from service.security.accounts import Accounts
from service.security.gate import Gate
from service.security.sessions import COOKIE, Sessions

PASSWORD = "correct horse 9 battery"


class Callers:
    """Clients of one application, each logged in as an account made for a role and a scope."""

    def __init__(self, office):
        self.office = office
        self.app = app_of(office)
        self.accounts = Accounts(office.store)
        self.sessions = Sessions(office.store, 1800, 36000)
        self.made = set()

    def name(self, role, codes):
        return f"{role}-{'-'.join(codes or ('all',))}".replace("_", "-")

    def account(self, role, codes=None):
        """Make the account of a role and a scope once; no password, which would only cost time."""
        name = self.name(role, codes)
        if name not in self.made:
            self.accounts.add(name, role, codes, by="test")
            self.made.add(name)
        return name

    def client(self, role, codes=None, **more):
        client = TestClient(self.app, raise_server_exceptions=False, **more)
        client.cookies.set(COOKIE, self.sessions.open(self.account(role, codes)))
        return client

    def nobody(self):
        self.account("auditor")
        return TestClient(self.app, raise_server_exceptions=False)


@pytest.fixture
def callers(office):
    return Callers(office)


@pytest.fixture
def gate(office):
    return Gate.of(office.store, office.settings)
