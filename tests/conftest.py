"""What every test has: a real PostgreSQL where it wants one, and a reader of all it prints and logs who looks for people."""

import pytest
from hypothesis import settings

from tests.planted import personal_in
from tests.postgres import new_database, running

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")  # no test is timed: a busy machine fails none


def pytest_collection_modifyitems(items):
    """Begin with the tests that take longest."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """Fail a test during which anything was printed or logged, by it or by a process it started, that gives a person away."""
    report = yield
    told = personal_in("\n".join([report.capstdout, report.capstderr, report.caplog]))
    if told and report.passed:
        report.outcome, report.longrepr = "failed", f"printed or logged in {report.when}: {sorted(told)}"
    return report


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    with running(tmp_path_factory.mktemp("runtime")) as server:
        yield server


@pytest.fixture(scope="session")
def records(tmp_path_factory):
    from tests.service.records import Records  # here, so that tests of the core start without the service

    return Records(tmp_path_factory.mktemp("records"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """The address of an empty database, on each store in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'record.db'}"
    return new_database(request.getfixturevalue("postgres"))
