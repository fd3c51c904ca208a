"""A process of its own that lets nights be killed with SIGKILL and taken up again, from one warm interpreter; prints what each left.

``python -m tests.service.night.killing FOLDER URL|- RANDOM``: a night nobody stops, one killed at each named step, and ``RANDOM`` killed
at random moments. Each starts from the same record. The last line is a JSON list of ``[where, killed, resumed, hash]``.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import sqlalchemy as sa

import matching.night_shards as night_shards
from service.batch import office_night
from service.settings import Settings
from service.storage.engine import make_engine
from service.wiring import open_office
from tests.service.night.places import DAY, filled, written

STEPS = (
    "read",
    "freezing",
    "frozen",
    "planning",
    "planned",
    "withdrawing",
    "withdrawn",
    "writing",
    "written",
    "finishing",
)
"""Every named step but the last, after which there is nothing to take up."""


class Records:
    """Copies of one filled record, each at an address of its own."""

    def __init__(self, folder: Path, url: str | None) -> None:
        self._folder, self._url, self._n = folder, url, 0
        first = self._settings("first")
        if url is not None:
            self._admin(f'CREATE DATABASE "{self._name("first")}"')
        filled(first)

    def copy(self) -> Settings:
        """Return the settings of a fresh copy."""
        self._n += 1
        name = f"copy{self._n}"
        if self._url is not None:
            (self._folder / name).mkdir()
        if self._url is None:
            shutil.copytree(self._folder / "first", self._folder / name)
        else:
            self._admin(f'CREATE DATABASE "{self._name(name)}" TEMPLATE "{self._name("first")}"')
        return self._settings(name)

    def _name(self, name: str) -> str:
        return f"{sa.make_url(self._url).database}_{name}"

    def _settings(self, name: str, **more: object) -> Settings:
        url = None
        if self._url is not None:
            url = sa.make_url(self._url).set(database=self._name(name)).render_as_string(hide_password=False)
        return Settings(home=self._folder / name, database_url=url, workers=1, **more)

    def _admin(self, statement: str) -> None:
        engine = make_engine(self._url)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


def child(settings: Settings) -> int:
    """Run the night in a fork; returns its process number."""
    pid = os.fork()
    if pid:
        return pid
    try:
        with open_office(settings, day=DAY) as office:
            report = office_night(office)
        (settings.home / "resumed").write_text(str(report.resumed))
    except BaseException as error:  # noqa: BLE001  a fork must never go on as its parent
        sys.stderr.write(f"{error!r}\n")
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def left(settings: Settings, where: str, killed: bool) -> tuple[str, bool, bool, str]:
    """Take the night up again, unless it was killed when all was done, and say what it left."""
    if killed and "done" not in set(written(settings)[2]["state"]):
        os.waitpid(child(settings), 0)
    told = settings.home / "resumed"
    resumed = told.exists() and told.read_text() == "True"
    return where, killed, resumed, written(settings)[0]


def main() -> None:
    """Run the nights."""
    folder, url, count = Path(sys.argv[1]), None if sys.argv[2] == "-" else sys.argv[2], int(sys.argv[3])
    night_shards.WHOLE = night_shards.LEAST = 4
    records, luck, found = Records(folder, url), random.Random(20261126), []
    with open_office(records.copy(), day=DAY) as office:
        office_night(office)  # what a first night reads in, every fork then has
    settings = records.copy()
    began = time.monotonic()
    os.waitpid(child(settings), 0)
    seconds = time.monotonic() - began
    found.append(left(settings, "never", False))
    for step in STEPS:
        settings = records.copy()
        _, status = os.waitpid(child(settings.model_copy(update={"test_build": True, "crash_at": step})), 0)
        found.append(left(settings, step, os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL))
    for _ in range(count):
        settings, moment = records.copy(), luck.uniform(0.0, seconds)
        pid = child(settings)
        time.sleep(moment)
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        found.append(left(settings, f"after {moment:.3f} s", os.WIFSIGNALED(status)))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
