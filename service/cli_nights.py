"""Commands about nights that were recorded with ``onemonth nightly --record FOLDER``."""

from pathlib import Path
from typing import Annotated

import typer

from service.cli_console import Json, out, refusals, say
from service.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    group = typer.Typer(no_args_is_help=True, help="Recorded nights: plan one again.")
    app.add_typer(group, name="nights")
    group.command(epilog="Example: onemonth nights replay /var/lib/onemonth/nights/N20261126-5f1c0a3b9d2e.night")(
        replay
    )


def replay(
    file: Annotated[Path, typer.Argument(help="A recorded night.", exists=True, dir_okay=False)],
    model: Annotated[str | None, typer.Option(help="Version that scores; the one of that night when left out.")] = None,
    as_json: Json = False,
) -> None:
    """Plan a recorded night again: the same plan, or what it rests on that has changed. Code 1 when nothing explains a difference."""
    from matching.baseline import BaselineScorer
    from models.registry import Registry
    from service.recorded_night import planned_again, read_night
    from service.workers import workforce

    with refusals():
        settings, night = Settings(), read_night(file)
        asked = model or night.basis["model"]
        scorer = BaselineScorer() if asked == BaselineScorer.version else Registry(settings.home / "models").load(asked)
        with workforce(settings):
            found = planned_again(night, scorer)
    told = {
        "run_id": night.run_id, "as_of": night.as_of, "same": found.same, "explained": found.explained, "plan": {"was": found.was, "now": found.now},
        "changed": {name: {"was": was, "now": now} for name, (was, now) in found.changed.items()}, "referrals": len(night.pairs),
        "gone": sorted(found.gone), "new": sorted(found.new),
    }  # fmt: skip

    def human() -> None:
        """Print whether the plan came out the same, and what changed since."""
        word = "the same plan" if found.same else "another plan"
        out.print(
            f"{night.run_id}: {word}; {len(night.pairs)} referrals, {len(found.gone)} gone, {len(found.new)} new",
            highlight=False,
        )
        for name, (was, now) in found.changed.items():
            out.print(f"  changed since: {name} {was} → {now}", markup=False, highlight=False)
        if not found.explained:
            out.print("  nothing the plan rests on has changed: tell whoever keeps the program")

    say(as_json, told, human)
    if not found.explained:
        raise typer.Exit(1)
