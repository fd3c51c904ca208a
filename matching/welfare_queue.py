"""Who stands before whom for a public-welfare post: one rule for the night that proposes and for the counter that issues.

Somebody *waits* who seeks work in a household that is open and whom nobody holds out of the plan, who may begin a public-welfare post and has
a slot, and whose household holds no referral to one. Whoever waits, could hold the post in question and has an earlier place in the
regulated order is passed over when it goes to somebody else.
"""

import numpy as np
import pandas as pd

from matching.arrays import Bools, Ints
from matching.eligibility import verdicts
from matching.pairing import Pairing
from matching.policy.load import PolicyBook
from matching.reach import reachable
from matching.vocabulary import SEEKING

OPEN_HOUSEHOLDS = ("recognised", "in_service", "one_employed", "stable")
"""Household states whose members are planned for."""


def planned(households: pd.DataFrame, members: pd.DataFrame) -> Bools:
    """Return (n_members,) who seeks work and belongs to a household that is open."""
    status = members["household_id"].map(households.set_index("household_id")["status"]) if len(households) else None
    living = (
        np.ones(len(members), dtype=bool)
        if status is None
        else (status.isin(OPEN_HOUSEHOLDS) | status.isna()).to_numpy()
    )
    return np.asarray((members["willing"] & members["employment_state"].isin(SEEKING)).to_numpy(dtype=bool) & living)


def waiting(seeks: Bools, household_ids: np.ndarray, holds: Bools, standing: Ints, policy: PolicyBook) -> Bools:
    """Return (n_members,) who waits for a public-welfare post, as far as the person goes.

    ``seeks`` who is planned for and may begin one, ``household_ids`` whose household is whose, ``holds`` who holds an open referral to one at
    a post that is open, ``standing`` referrals of each member that stand; (n_members,) each.
    """
    served = pd.Index(household_ids).isin(household_ids[holds])
    return np.asarray(seeks & ~served & (standing < policy.whole("night.max_open_referrals")))


def could_hold(pairing: Pairing, policy: PolicyBook, rows: Ints, j: int) -> Ints:
    """Return those of member ``rows`` whom nothing stands against at post row ``j``; a way that cannot be told counts within the same city."""
    near = rows[reachable(pairing, rows, np.full(len(rows), j))]
    return near[verdicts(pairing, policy, near, np.full(len(near), j)).eligible]
