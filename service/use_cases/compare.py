"""Posts beside each other for one member, and posts found by number or by words of the title."""

from dataclasses import dataclass

from matching.errors import BadInput
from matching.reasons import Reason
from service.index import Index
from service.use_cases.benefits import benefits_of
from service.use_cases.explain import Explanation, explain
from service.use_cases.post_facts import PostFacts, post_facts
from service.use_cases.rows import only, records
from service.wiring import Office


@dataclass(frozen=True, slots=True)
class Side:
    """One of the posts compared: what it is, and what speaks for and against it."""

    facts: PostFacts
    why: Explanation
    entitlements: tuple[Reason, ...]


def compare(
    office: Office, member_id: str, position_ids: list[str], *, request_id: str | None = None
) -> tuple[Side, ...]:
    """Return two or three open posts beside each other. BadInput for another number, NotFound for a post that is not open."""
    index = office.now()
    i = index.member_row(member_id)
    wanted = list(dict.fromkeys(position_ids))
    if not 2 <= len(wanted) <= 3:
        raise BadInput(
            f"position_id: expected two or three posts to compare, found {len(wanted)}; tick them in the list"
        )
    return tuple(
        Side(
            post_facts(index, i, index.position_row(p)),
            explain(office, member_id, p, request_id=request_id),
            _entitlements(index, i, index.position_row(p)),
        )
        for p in wanted
    )


def _entitlements(index: Index, i: int, j: int) -> tuple[Reason, ...]:
    post, member = only(index.positions.iloc[[j]]), only(index.members.iloc[[i]])
    employer = only(index.employers.loc[[str(post["employer_id"])]])
    household = only(index.households.loc[[str(member["household_id"])]])
    return benefits_of(member, post, index.policy, employer=employer, household=household).entitlements


def find_posts(office: Office, text: str, *, limit: int = 10) -> tuple[str | None, list[dict[str, object]]]:
    """Return the number a search names exactly, else None and the open posts whose title has all its words, by number."""
    wanted = text.strip()
    index = office.now()
    if wanted in index.positions.index or len(office.store.read("positions", ["position_id"], position_id=wanted)):
        return wanted, []
    titles = index.positions["title"]
    keep = titles.notna()
    for word in wanted.split():
        keep &= titles.str.contains(word, case=False, regex=False)
    found = index.positions[keep].reset_index(drop=True)[["position_id", "title", "kind", "region_code"]]
    return None, records(found.head(limit))
