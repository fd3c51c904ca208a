"""The short form of every trust check."""

import pytest

from tests.postgres import new_database
from tests.trust.frame import Ground, load


@pytest.fixture
def ground(tmp_path, request):
    def fresh():
        return new_database(request.getfixturevalue("postgres"))

    return Ground.of(tmp_path, fresh, short=True)


@pytest.mark.long
@pytest.mark.parametrize("name", load())
def test_every_figure_holds(ground, name):
    figures = list(load()[name](ground))
    assert figures
    assert [str(f) for f in figures if not f.holds] == []
