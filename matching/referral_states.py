"""The steps a referral may take; every other step is refused."""

from matching.errors import BadInput, Conflict
from matching.vocabulary import OPEN_REFERRAL_STATES, REFERRAL_STEPS, ReferralState


def next_states(state: str) -> tuple[str, ...]:
    """Return the states that may follow, in the order of the vocabulary; none for a final state."""
    allowed = REFERRAL_STEPS.get(_known(state), frozenset())
    return tuple(s.value for s in ReferralState if s.value in allowed)


def step(state: str, to: str) -> str:
    """Return the new state; Conflict when the step is not possible, BadInput for a state nobody knows."""
    if _known(to) in REFERRAL_STEPS.get(_known(state), frozenset()):
        return to
    allowed = next_states(state)
    expected = f"one of {', '.join(allowed)}" if allowed else "no further step, the referral is final"
    raise Conflict(f"a referral that is {state} cannot become {to}; expected {expected}")


def holds_a_place(state: str) -> bool:
    """Whether a referral in this state holds a place at the post and a slot of the member."""
    return _known(state) in OPEN_REFERRAL_STATES


def is_final(state: str) -> bool:
    """Whether nothing can follow this state."""
    return not REFERRAL_STEPS.get(_known(state))


def _known(state: str) -> str:
    if state not in {s.value for s in ReferralState}:
        raise BadInput(
            f"expected a referral state, one of {', '.join(s.value for s in ReferralState)}, found {state!r}"
        )
    return state
