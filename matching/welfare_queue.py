"""Who stands before whom for a public-welfare post: one rule for the night that proposes and for the counter that issues.

Somebody *waits* who seeks work in a household that is open and whom nobody holds out of the plan, who may begin a public-welfare post and has
a slot, and whose household holds no referral to one. Whoever waits, could hold the post in question and has an earlier place in the
regulated order is passed over when it goes to somebody else.
"""

import numpy as np
import pandas as pd

from matching.arrays import Bools, Ints
from matching.columns import Table, among, flags, picked, rows_of, texts
from matching.eligibility import verdicts
from matching.pairing import Pairing
from matching.policy.load import PolicyBook
from matching.reach import reachable
from matching.vocabulary import SEEKING

OPEN_HOUSEHOLDS = ("recognised", "in_service", "one_employed", "stable")
"""Household states whose members are planned for."""


def planned(households: Table, members: Table) -> Bools:
    """Return (n_members,) who seeks work and belongs to a household that is open, or whose household nobody knows."""
    home = rows_of(texts(households, "household_id"), texts(members, "household_id"))
    living = picked(among(texts(households, "status"), OPEN_HOUSEHOLDS), home, True)
    seeks = flags(members, "willing") & among(texts(members, "employment_state"), SEEKING)
    return np.asarray(seeks & living)


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
