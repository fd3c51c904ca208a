"""A real PostgreSQL for the tests that want one; it lives as long as the session and is thrown away."""

import pytest

from tests.postgres import new_database, running


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    with running(tmp_path_factory.mktemp("runtime")) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """The address of an empty database, on each store in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'record.db'}"
    return new_database(request.getfixturevalue("postgres"))
