"""Rank the posts of one member, the members for one post, or a member and posts another system sends."""

from matching.ranking import rank, rank_members
from service.shadow import Shown
from service.use_cases.chance import chance_band
from service.use_cases.machine import scorer_for, told_of_it
from service.use_cases.shown import Listing, RankedMember, RankedPost, ranked_posts, record_shown
from service.use_cases.welfare_term import barred_members, barred_posts, jobs_of
from service.wiring import Office


def rank_member(
    office: Office,
    member_id: str,
    *,
    limit: int = 5,
    kinds: frozenset[str] | None = None,
    request_id: str | None = None,
) -> Listing[RankedPost]:
    """Rank the open posts for a member; what is shown goes to the journal. NotFound when there is no such member."""
    index = office.now()
    i = index.member_row(member_id)
    with office.store.reading() as reader:
        notices, jobs = told_of_it(reader, member_id), jobs_of(reader, member_id)
    scorer = scorer_for(office, member_id, notices)
    days_left, taken = float(index.planning_days[i]), barred_posts(office, index, i, jobs)
    ranking = rank(index.pairing, i, scorer, days_left, index.policy, limit=limit, kinds=kinds, taken=taken)
    record_shown(office, index, "member.ranking_shown", member_id, ranking, request_id)
    office.shadow.beside(Shown(index, i, days_left, limit, kinds, taken, ranking))
    return Listing(
        member_id, index.as_of, index.days_left(i), ranking.model_version, ranking.considered, ranking.eligible,
        ranking.blocked, ranked_posts(index, ranking),
    )  # fmt: skip


def rank_position(
    office: Office, position_id: str, *, limit: int = 20, request_id: str | None = None
) -> Listing[RankedMember]:
    """Rank the members an open post may be proposed to; what is shown goes to the journal. NotFound when it is not open."""
    index = office.now()
    j = index.position_row(position_id)
    ranking = rank_members(
        index.pairing,
        j,
        office.scorer(),
        index.planning_days,
        index.policy,
        limit=limit,
        taken=barred_members(office, index, j),
        among=index.seen_rows(),
    )
    record_shown(office, index, "position.ranking_shown", position_id, ranking, request_id)
    items = tuple(
        RankedMember(
            str(index.members.index[x.member]),
            str(index.members["household_id"].iloc[x.member]),
            x.rank,
            x.score,
            x.p_placed,
            x.p_stays,
            chance_band(x.p_placed),
            index.days_left(x.member),
            x.reasons,
            x.problems,
            x.unknowns,
        )
        for x in ranking.items
    )
    return Listing(
        position_id,
        index.as_of,
        None,
        ranking.model_version,
        ranking.considered,
        ranking.eligible,
        ranking.blocked,
        items,
    )
