"""What every test has: a real PostgreSQL where it wants one, and a reader of all it prints and logs who looks for people."""

import pytest
from hypothesis import settings

from tests.planted import personal_in
from tests.postgres import new_database, running

TRAINED = (
    "tests/browser/test_desk_walks.py", "tests/models/test_datasets.py", "tests/models/test_evaluate.py", "tests/models/test_policy_value.py",
    "tests/models/test_registry.py", "tests/models/test_registry_concurrency.py", "tests/models/test_registry_tamper.py",
    "tests/models/test_splits.py", "tests/models/test_train.py", "tests/models/test_watch.py", "tests/service/storage/test_backup.py",
    "tests/service/test_invariants.py", "tests/service/test_model_gates.py", "tests/service/test_model_life.py",
    "tests/service/test_model_pages.py",
)  # fmt: skip
"""Files that share a simulated region and what is learned from it, which takes a minute to make."""

ALONE = (
    "tests/models/simulation/test_acceptance.py", "tests/models/simulation/test_recovery.py", "tests/models/simulation/test_region.py",
    "tests/models/simulation/test_world.py", "tests/models/test_ranker.py", "tests/models/test_replay.py", "tests/service/night/test_recorded.py",
    "tests/service/night/test_workers.py", "tests/service/security/test_provider.py", "tests/service/test_privacy.py",
)  # fmt: skip
"""Files whose tests share something dear of their own."""

PROCESS = {**dict.fromkeys(TRAINED, "trained"), **{path: path for path in ALONE}}
"""File → the tests of one name run in one process; those of other files wherever there is room."""

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")  # no test is timed: a busy machine fails none


def pytest_collection_modifyitems(items):
    """Begin with the tests that take longest."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Run in one process what shares something dear."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return PROCESS.get(nodeid.partition("::")[0], nodeid)

    return Together(config, log)


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
