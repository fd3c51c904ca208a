"""The places each role finds, with a word in both languages and a page behind each."""

import pytest

from matching.vocabulary import Role
from service.app import ROUTERS
from service.security.matrix import matrix
from service.security.principals import NOBODY, OFFICE, Principal
from service.web.navigation import PLACES, SECTION, places_for
from service.web.wording import LANGUAGES, Wording


def page_at(address):
    return next(r.name for router in ROUTERS for r in router.routes if r.path == address and "GET" in r.methods)


def test_nobody_finds_a_place_before_log_in_and_an_office_without_accounts_finds_all():
    assert places_for(NOBODY) == ()
    assert places_for(OFFICE) == PLACES


def test_every_place_has_a_word_in_both_languages_and_roles_that_exist():
    roles = {r.value for r in Role}
    for place in PLACES:
        assert place.roles and place.roles <= roles
        assert all(Wording(language).has(f"nav.{place.key}") for language in LANGUAGES)
    assert set(SECTION.values()) <= {place.key for place in PLACES}


@pytest.mark.parametrize("role", list(Role))
def test_every_role_finds_what_the_matrix_lets_it_open_and_has_a_name(role):
    caller = Principal("somebody", role.value)
    assert {p.key for p in places_for(caller)} == {p.key for p in PLACES if role.value in p.roles}
    for place in places_for(caller):
        assert matrix().allows(page_at(place.address), role.value), place
    assert all(Wording(language).has(f"label.role.{role.value}") for language in LANGUAGES)


@pytest.mark.parametrize("place", PLACES, ids=lambda p: p.key)
def test_a_page_stands_behind_every_place_and_marks_it(client, place):
    answer = client.get(place.address)
    assert answer.status_code == 200
    assert f'href="{place.address}" aria-current="page"' in answer.text
