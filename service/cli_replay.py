"""``onemonth replay`` and ``onemonth whatif``: what another way of working would bring."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from matching.errors import BadInput
from service.cli_console import AsOf, Json, day_of, out, progress, refusals, say, table
from service.settings import Settings


def register(app: typer.Typer) -> None:
    """Add both commands to the command line."""
    app.command(epilog="Example: onemonth replay --days 60 --members 150 --supply scarce --seeds 3 --json")(replay)
    app.command(
        epilog="Example: onemonth whatif --hold P000012 --openings P000007=2 --policy night.max_open_referrals=2"
    )(whatif)


def replay(
    days: Annotated[int, typer.Option(min=1, help="Calendar days whose arrivals count.")] = 60,
    members: Annotated[int, typer.Option(min=1, help="People who come in that time, about.")] = 150,
    seed: Annotated[int, typer.Option(min=0, help="First seed.")] = 0,
    seeds: Annotated[int, typer.Option(min=1, help="Simulated regions, from the first seed on.")] = 1,
    supply: Annotated[str, typer.Option(help="scarce, base or slack.")] = "base",
    as_json: Json = False,
) -> None:
    """Live simulated regions on under this engine and under others with the same luck, and show what came of the promise."""
    from models.replay import ReplayConfig
    from models.replay import replay as run

    with refusals(), progress() as bar:
        found = run(ReplayConfig(days=days, members=members, seed=seed, seeds=seeds, supply=supply), bar)
    say(as_json, found, lambda: _show_replay(found))


def whatif(
    hold: Annotated[list[str] | None, typer.Option(help="A post nobody is sent to; may be repeated.")] = None,
    openings: Annotated[list[str] | None, typer.Option(help="POST=N openings added; may be repeated.")] = None,
    lose_employer: Annotated[
        list[str] | None, typer.Option(help="An employer whose posts are gone; may be repeated.")
    ] = None,
    policy: Annotated[list[str] | None, typer.Option(help="KEY=NUMBER; may be repeated.")] = None,
    as_of: AsOf = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: Json = False,
) -> None:
    """Show how tonight's plan would differ if something were different; the record is not touched."""
    from matching.whatif import Supposition
    from service.use_cases.whatif import what_if
    from service.wiring import open_office

    with refusals(), open_office(Settings(), day=day_of(as_of)) as office:
        what = Supposition(
            hold=tuple(hold or ()), openings={k: int(v) for k, v in _pairs(openings)}, lose_employers=tuple(lose_employer or ()),
            policy={k: int(v) if v.is_integer() else v for k, v in _pairs(policy)},
        )  # fmt: skip
        found = what_if(office, what, seed=seed)
    say(as_json, found, lambda: _show_whatif(found))


@dataclass(frozen=True, slots=True)
class _Row:
    """A policy's figures as text cells."""

    name: str
    figures: dict[str, Any]

    def cells(self) -> list[object]:
        """Return the cells of the policy's row."""
        f = self.figures
        strata = f["by_stratum"]
        return [
            self.name, _share(f["promise_kept"]), "-" if f["median_days"] is None else f"{f['median_days']:.1f}", _share(f["stable_90"]),
            _share(f["welfare_used"]), _share(strata["hard"]), _share(strata["easy"]), f"{f['referrals']:.0f}",
            *(["", ""] if "onemonth_minus" not in f else [_share(f["onemonth_minus"][0]), _interval(f["onemonth_minus"][1:])]),
        ]  # fmt: skip


def _show_replay(found: dict[str, Any]) -> None:
    head = (
        f"SIMULATED, {found['supply']} supply: {found['households']} promises of {found['seeds']} regions, "
        f"{found['openings_per_household']:.2f} openings a household; no policy can expect more than {_share(found['fluid_bound'])}"
    )
    columns = [
        "",
        "kept",
        "median days",
        "stable 90",
        "welfare",
        "hardest third",
        "easiest",
        "referrals",
        "ours minus it",
        "95 %",
    ]
    table(head, columns, [_Row(name, f).cells() for name, f in found["policies"].items()])
    said: list[list[object]] = [
        [f"{_share(b['low'])} to {_share(b['high'])}", int(b["n"]), _share(b["forecast"]), _share(b["kept"])]
        for b in found["forecast"]
    ]
    table("what this engine forecast of a promise, and what came of it", ["chance", "forecasts", "said", "kept"], said)


def _show_whatif(found: dict[str, Any]) -> None:
    out.print(
        f"promises expected to be kept {found['promises_kept_before']:.1f} → {found['promises_kept_after']:.1f}; "
        f"{found['gaining']} members gain referrals, {found['losing']} lose some"
    )
    rows: list[list[object]] = [
        [m["member_id"], m["household_id"], str(m["before"]), str(m["after"]), m["change"]]
        for m in found["members"][:30]
    ]
    table("members", ["member", "household", "before", "after", ""], rows)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _interval(ends: list[float | None]) -> str:
    return "" if None in ends else f"{_share(ends[0])} to {_share(ends[1])}"


def _pairs(texts: list[str] | None) -> list[tuple[str, float]]:
    found = []
    for text in texts or ():
        name, sign, value = text.rpartition("=")
        if not sign or not value.replace(".", "", 1).isdigit():
            raise BadInput(f"expected NAME=NUMBER, found {text!r}")
        found.append((name, float(value)))
    return found
