"""The places each role finds, with a word in both languages and a page behind each."""

import pytest

from matching.vocabulary import Role
from service.web.navigation import PLACES, SECTION, places_for
from service.web.wording import LANGUAGES, Wording


def test_every_place_has_a_word_in_both_languages_and_roles_that_exist():
    roles = {r.value for r in Role}
    for place in PLACES:
        assert place.roles and place.roles <= roles
        assert all(Wording(language).has(f"nav.{place.key}") for language in LANGUAGES)
    assert set(SECTION.values()) <= {place.key for place in PLACES}


@pytest.mark.parametrize("role", list(Role))
def test_every_role_finds_something_and_has_a_name(role):
    assert places_for(role.value)
    assert all(Wording(language).has(f"label.role.{role.value}") for language in LANGUAGES)


@pytest.mark.parametrize("place", PLACES, ids=lambda p: p.key)
def test_a_page_stands_behind_every_place_and_marks_it(client, place):
    answer = client.get(place.address)
    assert answer.status_code == 200
    assert f'href="{place.address}" aria-current="page"' in answer.text
