"""Posts on entry: a wish no law allows holds a post back until a post officer has looked at it."""

import pandas as pd

from matching.policy.load import load_policy
from matching.post_review import UNLAWFUL_WORDS, review_posts
from service.storage import Transaction


def quarantined(tx: Transaction, posts: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return the posts with those held back marked, and how many are newly held.

    Unlawful words hold back every post; a rule of its kind that is not met only one nobody has verified yet. What an officer has let
    through in this record with the same findings stays let through.
    """
    if not len(posts):
        return posts, 0
    found = _codes(posts)
    stored = (
        tx.read("positions", position_id=posts["position_id"].tolist()) if len(posts) <= 5_000 else tx.read("positions")
    )
    let_through = _codes(stored[stored["review_state"] == "verified"])
    verified = dict(zip(posts["position_id"], posts["review_state"] == "verified", strict=True))
    held = {
        post for post, codes in found.items()
        if not codes <= let_through.get(post, frozenset()) and (codes & set(UNLAWFUL_WORDS) or not verified[post])
    }  # fmt: skip
    hit = posts["position_id"].isin(list(held))
    return posts.assign(review_state=posts["review_state"].mask(hit, "quarantined")), int(
        (hit & (posts["review_state"] != "quarantined")).sum()
    )


def _codes(posts: pd.DataFrame) -> dict[str, frozenset[str]]:
    """Return post → findings that hold it back, by the rules of its city; posts without one are left out."""
    if not len(posts):
        return {}
    day = posts["posted_on"].max().date()
    parts = [
        review_posts(rows.reset_index(drop=True), load_policy(str(city), day))
        for city, rows in posts.groupby(posts["region_code"].str[:4] + "00")
    ]
    found = pd.concat(parts, ignore_index=True)
    return {str(post): frozenset(rows["code"]) for post, rows in found[found["quarantine"]].groupby("position_id")}
