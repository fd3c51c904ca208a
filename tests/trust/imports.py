"""Files no office means to send, through the command that imports: refused in words or read rightly, within memory and time."""

import re
import shutil

import sqlalchemy as sa

from service.settings import Settings
from service.storage.contents import contents
from service.storage.engine import make_engine, reading
from service.wiring import open_office
from tests.service.records import fill
from tests.service.region import DAY
from tests.trust.frame import STORES, Figure, check, ready_context
from tests.trust.hostile import corpus
from tests.trust.hostile.bring import MEMORY, SECONDS, bring

SHORT = 8
"""The short form takes every so many files, on PostgreSQL every so many of those; large ones are left out."""


class _Template:
    """A record of the small region, and as many copies of it as there are files."""

    def __init__(self, ground, store):
        self.ground, self.store, self.numbers = ground, store, iter(range(10**6))
        self.home = ground.home()
        self.address = ground.new_postgres() if store == "postgresql" else f"sqlite:///{self.home / 'record.db'}"
        with open_office(Settings(home=self.home, database_url=self.address), day=DAY) as office:
            fill(office)
            with reading(office.store.engine) as connection:
                self.content = contents(connection)

    def copy(self):
        """Return a folder and the address of a copy in it."""
        home = self.ground.home()
        if self.store == "sqlite":
            shutil.copy(self.home / "record.db", home / "record.db")
            return home, f"sqlite:///{home / 'record.db'}"
        url = make_engine(self.address).url
        name = f"{url.database}_{next(self.numbers)}"
        admin = sa.create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(sa.text(f'CREATE DATABASE "{name}" TEMPLATE "{url.database}"'))
        admin.dispose()
        return home, self.address.replace(url.database, name)


def _brought(context, hostile, template):
    """Return what became of one file, None when its process ended without a word."""
    home, address = template.copy()
    folder = home / "in"
    folder.mkdir()
    path = folder / hostile.file
    hostile.write(path)
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=bring, args=(path, hostile.table, home, address, template.content, there))
    process.start()
    there.close()
    try:
        found = here.recv()
    except EOFError:
        found = None
    process.join()
    process.close()
    here.close()
    shutil.rmtree(home)
    return found


def _complaint(hostile, found):
    """Return what is wrong with what became of a file, None if nothing is."""
    if found is None:
        return "its process was ended"
    if found.fault:
        return found.fault
    said = found.said.strip()[-300:]
    if hostile.told is not None:
        words = found.code == 1 and re.search(hostile.told, found.said, re.DOTALL) and "Traceback" not in found.said
        return None if words else f"expected a refusal with {hostile.told!r}: {said}"
    counts = {n: found.counts.get(n) for n in ("added", "refused")}
    wanted = {"added": hostile.added, "refused": hostile.refused}
    if counts != wanted:
        return f"expected {wanted}, found {counts}: {said}"
    wrong = {n: found.first.get(n) for n, v in hostile.first.items() if found.first.get(n) != v}
    return f"expected {dict(hostile.first)}, found {wrong}"[:300] if wrong else None


@check
def hostile_files(ground):
    """Bring every file of the corpus to a record of its own: what was expected of it comes out, and nothing is half-stored."""
    files = corpus()
    context = ready_context()
    for store in STORES:
        names = [n for n, h in files.items() if not (ground.short and h.large)]
        if ground.short:
            names = names[:: SHORT if store == "sqlite" else SHORT * SHORT]
        template = _Template(ground, store)
        found = {name: _brought(context, files[name], template) for name in names}
        yield from _figures(files, found, store)


def _figures(files, found, store):
    wrong = {n: c for n, b in found.items() if (c := _complaint(files[n], b)) is not None}
    for what, some in (
        ("refused with what came and what to do", [n for n in found if files[n].told is not None]),
        ("read as they are meant, wrong rows named", [n for n in found if files[n].told is None]),
    ):
        bad = [f"{n}: {wrong[n]}" for n in some if n in wrong]
        yield Figure(f"hostile files {what}, {store} {bad or ''}", len(some) - len(bad), len(some))
    lived = [b for b in found.values() if b is not None]
    refused = [b for b in lived if not b.counts]
    peak = max(b.peak for b in lived)
    yield Figure(
        f"refused files after which every table is the same by hash, {store}",
        sum(b.same for b in refused),
        len(refused),
    )
    yield Figure(
        f"files within {MEMORY / 1e9:g} GB beyond the program and {SECONDS} s of processor, {store} (most memory held: {peak / 1e6:,.0f} MB)",
        len(lived),
        len(found),
    )
    looked = [b for b in lived if b.left]
    yield Figure(
        f"records from which nothing leaves that a spreadsheet runs, {store}",
        sum(not b.runs for b in looked),
        len(looked),
    )
