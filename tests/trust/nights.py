"""Twenty recorded nights of small simulated regions, planned again: the same plan, or a difference that is explained.

``nights.json`` keeps, for each, the region it was of, the plan, and what the plan rests on. A plan may differ where the inputs, the model, the policy,
a library, Python or the processor is another; a change of the program alone explains nothing, it is signed:
``python -m tests.trust.nights "why"`` records all nights again and keeps, where a plan has changed, the reason beside it.
"""

import json
import sys
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from hashlib import sha256

from matching import night_shards
from matching.baseline import BaselineScorer
from matching.nightly import NightState, joined
from matching.policy.load import load_policy
from models.simulation import SCENARIOS, lived, tables
from models.train import train
from models.trained import TrainedRanker
from service.batch import READS
from service.night_parts import frozen_of, plan_of, plan_part
from service.recorded_night import recorded
from tests.house.tree import ROOT
from tests.trust.frame import Figure, check

FILE = ROOT / "tests" / "trust" / "nights.json"
UNSIGNED = "program"
"""What has changed with every line of the program, and so explains no other plan."""

KINDS = ("base", "scarce", "slack", "cold_start", "drift", "biased_employers", "rural")


def scenes():
    """Return the twenty: scenario, places, days of history, seed, from how many members on cities are planned apart, by rule or by a model."""
    found = []
    for k in range(20):
        name, apart = KINDS[k % 7], k % 4 == 3
        first, second = SCENARIOS[name].areas[:2]
        areas = [first, "440604", "441202"] if apart else [first, second][: 1 + (k % 5 == 4)]
        scorer = "trained" if k % 5 == 2 else "baseline"
        found.append(
            {
                "scenario": name,
                "areas": areas,
                "days": 40 + 9 * (k % 6),
                "seed": k,
                "apart": 60 if apart else 5_000,
                "scorer": scorer,
            }
        )
    return found


def night_of(scene):
    """Plan the night of a region as the service would, and return it as it is recorded."""
    config = replace(SCENARIOS[scene["scenario"]], areas=tuple(scene["areas"]), history_days=scene["days"])
    region, policy = tables(lived(config, scene["seed"])), load_policy("440000", config.as_of)
    scorer = trained() if scene["scorer"] == "trained" else BaselineScorer()
    with _shards_of(scene["apart"]):
        state = NightState.canonical(config.as_of, {name: region[name] for name in READS})
        parts = [frozen_of(shard) for shard in night_shards.shards_of(state, policy)]
    plans = [plan_of(plan_part(part, scorer, policy, scene["seed"], k, len(parts))[1]) for k, part in enumerate(parts)]
    return recorded(f"seed {scene['seed']}", parts, joined(plans), scorer, policy, config.as_of, scene["seed"])


@contextmanager
def _shards_of(members):
    """Plan cities apart from so many members on."""
    before = night_shards.WHOLE, night_shards.LEAST
    night_shards.WHOLE, night_shards.LEAST = members, min(members, before[1])
    try:
        yield
    finally:
        night_shards.WHOLE, night_shards.LEAST = before


@cache
def trained():
    """Return a ranker trained on a simulated district; its name is the hash of what it learned."""
    config = replace(SCENARIOS["base"], areas=SCENARIOS["base"].areas[:1], history_days=200)
    found = train(tables(lived(config, 7)))
    state, parts = found.to_state()
    texts = (content.encode() if isinstance(content, str) else content for _, content in sorted(parts.items()))
    digest = sha256(json.dumps(state, sort_keys=True, default=str).encode() + b"".join(texts))
    return TrainedRanker.from_state(state, parts, f"simulated-{digest.hexdigest()[:12]}")


def difference(was, night):
    """Return None where the plan is the same, else what has changed that explains it; an empty set explains nothing."""
    if night.plan == was["plan"]:
        return None
    return {name for name, value in night.basis.items() if name != UNSIGNED and was["basis"].get(name) != value}


@check
def recorded_nights(ground):
    """Plan the recorded nights again: the same plan, or one whose difference is explained."""
    kept = json.loads(FILE.read_text("utf-8"))["nights"][:: ground.size(1, 9)]
    found = [difference(was, night_of(was["scene"])) for was in kept]
    why = sorted({name for changed in found if changed for name in changed})
    told = f"same {found.count(None)}" + (f"; explained by {', '.join(why)}" if why else "")
    yield Figure(
        f"recorded nights planned again, the same plan or an explained difference ({told})",
        sum(c is None or bool(c) for c in found),
        len(kept),
    )


def record(why):
    """Record every night again; where a plan has changed, the one before and the reason stay beside it."""
    before = json.loads(FILE.read_text("utf-8"))["nights"] if FILE.exists() else []
    nights = []
    for k, scene in enumerate(scenes()):
        night = night_of(scene)
        entry = {
            "scene": scene,
            "plan": night.plan,
            "referrals": len(night.pairs),
            "parts": len(night.parts),
            "basis": dict(night.basis),
            "signed": [],
        }
        if k < len(before) and before[k]["scene"] == scene:
            entry["signed"] = before[k]["signed"]
            if before[k]["plan"] != night.plan:
                entry["signed"] = [*entry["signed"], {"was": before[k]["plan"], "why": why}]
        nights.append(entry)
    FILE.write_text(json.dumps({"simulated": True, "nights": nights}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2 or len(sys.argv[1]) < 10:
        raise SystemExit('say why the plans are others: python -m tests.trust.nights "why"')
    record(sys.argv[1])
