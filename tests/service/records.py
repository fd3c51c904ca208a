"""The record of the small region, made once a session and copied for every test that wants one."""

import shutil

import sqlalchemy as sa

from service.settings import Settings
from service.wiring import open_office
from tests.postgres import new_database
from tests.service.region import DAY, tables


def fill(office, prefix=""):
    """Put the small region into an office's record; ``prefix`` goes before every identifier of people and posts."""
    with office.store.write() as tx:
        for name, frame in tables(prefix).items():
            tx.insert(name, frame)
    return office


class Records:
    """Records of the small region; each kind is migrated and filled once, its copies are as it then was."""

    def __init__(self, folder):
        self._folder, self._made = folder, {}

    def office(self, home, prefix="", **settings):
        """Open an office at home on a copy of its own in SQLite."""
        home.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._sqlite(prefix), home / "onemonth.db")
        return open_office(Settings(home=home, **settings), day=DAY)

    def office_on(self, server, home, **settings):
        """Open an office at home on a copy of its own in a running PostgreSQL."""
        if server not in self._made:
            self._made[server] = new_database(server)
            with open_office(Settings(home=self._folder, database_url=self._made[server]), day=DAY) as office:
                fill(office)
        url = new_database(server, like=sa.make_url(self._made[server]).database)
        return open_office(Settings(home=home, database_url=url, **settings), day=DAY)

    def _sqlite(self, prefix):
        if prefix not in self._made:
            home = self._folder / f"small{prefix}"
            with open_office(Settings(home=home), day=DAY) as office:
                fill(office, prefix)
            self._made[prefix] = home / "onemonth.db"
        return self._made[prefix]
