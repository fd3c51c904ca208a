"""The places of the application, and which of them each role finds in its navigation."""

from collections.abc import Mapping
from dataclasses import dataclass

from matching.vocabulary import Role
from service.security.principals import Principal

_CASEWORK = frozenset({Role.CASEWORKER.value, Role.SUPERVISOR.value})


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation: its word is ``nav.<key>`` of the catalogues, ``roles`` are those who see it."""

    key: str
    address: str
    roles: frozenset[str]


_SUPERVISOR = frozenset({Role.SUPERVISOR.value})

PLACES: tuple[Place, ...] = (
    Place("worklist", "/worklist", _CASEWORK),
    Place("morning", "/morning", _CASEWORK),
    Place("slips", "/slips", _CASEWORK),
    Place("register", "/register", _CASEWORK),
    Place("fairs", "/fairs", _CASEWORK),
    Place("appeals", "/appeals", _CASEWORK),
    Place("desk", "/desk", frozenset({Role.POST_OFFICER.value, Role.SUPERVISOR.value})),
    Place("imports", "/imports", _CASEWORK | {Role.POST_OFFICER.value}),
    Place("supervisor", "/supervisor", _SUPERVISOR),
    Place("bulletins", "/bulletins", frozenset({Role.SUPERVISOR.value, Role.AUDITOR.value})),
    Place("approvals", "/approvals", frozenset({Role.SUPERVISOR.value, Role.ANALYST.value, Role.CASEWORKER.value})),
    Place("flags", "/flags", _SUPERVISOR),
    Place("models", "/models", frozenset({Role.ANALYST.value, Role.SUPERVISOR.value, Role.AUDITOR.value})),
    Place("journal", "/journal", frozenset({Role.AUDITOR.value})),
)
"""Every entry in its order. A page that is reached from another one needs none; what a role may open is decided elsewhere."""


def places_for(caller: Principal) -> tuple[Place, ...]:
    """Return the entries of a caller's role: all where every caller has every role, none before log-in."""
    return PLACES if caller.unlimited else tuple(place for place in PLACES if caller.role in place.roles)


SECTION: Mapping[str, str] = {
    "member": "worklist",
    "household": "worklist",
    "position": "worklist",
    "letter": "worklist",
    "outlook": "supervisor",
    **dict.fromkeys(
        ("model", "model-compare", "model-watch", "model-shadow", "model-overrides", "training-data"), "models"
    ),
    "bulletin": "bulletins",
    "desk_post": "desk",
    "import": "imports",
}
"""Page → the entry it belongs to, where it is not an entry itself."""
