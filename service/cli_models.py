"""The analyst's commands: train on the record, evaluate, and the life of model versions."""

from datetime import date
from typing import Annotated, Any

import typer

from models.registry import Registry
from service.cli_console import AsOf, Json, Step, day_of, out, progress, refusals, say, table
from service.clock import local_now
from service.settings import Settings
from service.storage.store import TRAINING_TABLES, Store

By = Annotated[str, typer.Option("--by", help="Who decides; kept in the history.")]
ApprovedBy = Annotated[
    str | None, typer.Option("--approved-by", help="Second person who approves; kept in the history.")
]
Version = Annotated[str, typer.Argument(help="A version such as v0001.")]


def train_on_record(
    store: Store, registry: Registry, as_of: date, *, actor: str, region_code: str, seed: int, step: Step
) -> dict[str, Any]:
    """Train on the record up to a day, evaluate on its latest part against the baselines, and register the version.

    The version that is registered is trained on everything up to the day; its evaluation comes from a twin that never saw the
    held-out part.
    """
    from models.evaluate import train_and_evaluate
    from models.train import TrainConfig

    config = TrainConfig(random_state=seed, region_code=region_code, cutoff=as_of)
    trained, evaluation = train_and_evaluate(
        store.snapshot(TRAINING_TABLES), config, current=registry.current_scorer(), progress=step
    )
    version = registry.save(trained, evaluation, made_by=actor, made_at=local_now().isoformat())
    return {"version": version, "evaluation": evaluation}


def register(app: typer.Typer, models_app: typer.Typer) -> None:
    """Add the analyst's commands to the command line."""
    app.command(epilog="Example: onemonth train --seed 0")(train)
    app.command(epilog="Example: onemonth evaluate v0001")(evaluate)
    models_app.command("list", epilog="Example: onemonth models list --json")(list_versions)
    models_app.command("show", epilog="Example: onemonth models show v0001")(show)
    models_app.command("compare", epilog="Example: onemonth models compare v0001 v0002")(compare)
    models_app.command("promote", epilog="Example: onemonth models promote v0002 --by analyst-1")(promote)
    models_app.command("rollback", epilog="Example: onemonth models rollback --by analyst-1")(rollback)


def train(
    seed: Annotated[int, typer.Option(min=0, help="Seed of every draw.")] = 0,
    by: By = "office",
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Train on the record's referrals, judge the result on the latest of them, and store it as a new version."""
    from service.wiring import open_store

    settings = Settings()
    with refusals(), open_store(settings) as store, progress() as step:
        made = train_on_record(
            store, _registry(settings), day_of(as_of), actor=by, region_code=settings.region_code, seed=seed, step=step
        )
    say(as_json, made, lambda: _show_made(made))


def evaluate(
    version: Annotated[str | None, typer.Argument(help="A version; what answers now when left out.")] = None,
    as_json: Json = False,
) -> None:
    """Show how good a version was on referrals it had not seen, beside the baselines, by horizon and group."""
    with refusals():
        registry = _registry(Settings())
        name = version or registry.production()
        if name is None:
            from matching.errors import NotFound

            raise NotFound("no version is in production; name one of `onemonth models list`")
        evaluation = registry.show(name)["evaluation"]
    say(as_json, {"version": name, "evaluation": evaluation}, lambda: show_evaluation(evaluation))


def list_versions(as_json: Json = False) -> None:
    """List versions, what they were trained on, which gates they failed, and which one answers."""
    with refusals():
        registry = _registry(Settings())
        rows, now = registry.list(), registry.production()
    shown = [
        ["*" if r["production"] else "", r["version"], r["made_at"], r["made_by"], r["referrals"], ", ".join(r["failed_gates"])]
        for r in rows
    ]  # fmt: skip
    say(
        as_json,
        {"items": rows, "production": now},
        lambda: table(
            f"{len(rows)} versions; {now or 'the baseline'} answers",
            ["", "version", "made", "by", "referrals", "failed gates"],
            shown,
        ),
    )


def show(
    version: Version,
    card: Annotated[str | None, typer.Option(help="Print the model card in zh or en instead.")] = None,
    as_json: Json = False,
) -> None:
    """Show a version: manifest, evaluation, what happened to it."""
    with refusals():
        registry = _registry(Settings())
        if card is not None:
            typer.echo(registry.card(version, card))
            return
        found = registry.show(version)

    def human() -> None:
        """Print the version and its evaluation."""
        out.print_json(data={k: v for k, v in found.items() if k != "evaluation"}, default=str)
        show_evaluation(found["evaluation"])

    say(as_json, found, human)


def compare(
    first: Annotated[str | None, typer.Argument(help="A version; what answers now when left out.")] = None,
    second: Annotated[str | None, typer.Argument(help="Another; the newest when left out.")] = None,
    as_json: Json = False,
) -> None:
    """Show the second version's figures minus the first's."""
    from service.use_cases.model_life import compare as ask
    from service.wiring import open_office

    with refusals(), open_office(Settings()) as office:
        found = ask(office, first, second)
    rows = [[name, *[_figure(v) for v in values]] for name, values in found["figures"].items()]
    told = "same test referrals" if found["same_test"] else "different test referrals: no intervals"
    title = f"{found['second']} minus {found['first']}; {told}"
    say(as_json, found, lambda: table(title, ["figure", "difference", "low", "high"], rows))


def promote(
    version: Annotated[str | None, typer.Argument(help="A version; the newest when left out.")] = None,
    by: By = "office",
    approved_by: ApprovedBy = None,
    override: Annotated[
        str | None, typer.Option(help="Promote although a gate fails, for this recorded reason; needs --approved-by.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Put a version in charge, through the gates; a running server answers with it from the next request on."""
    from service.use_cases.model_life import promote as put_in_charge
    from service.wiring import open_office

    with refusals(), open_office(Settings()) as office:
        found = put_in_charge(office, version, by=by, approved_by=approved_by, override=override)
    say(as_json, found, lambda: show_gates(found["version"], found["gates"]))


def rollback(
    by: By = "office",
    approved_by: ApprovedBy = None,
    why: Annotated[str | None, typer.Option(help="Reason.")] = None,
    as_json: Json = False,
) -> None:
    """Put what was in charge before in charge again; the baseline if nothing was."""
    from service.use_cases.model_life import rollback as take_back
    from service.wiring import open_office

    with refusals(), open_office(Settings()) as office:
        found = take_back(office, by=by, approved_by=approved_by, why=why)
    say(as_json, found, lambda: out.print(f"left {found['left']}; {found['production']} answers"))


def show_evaluation(evaluation: dict[str, Any]) -> None:
    """Print an evaluation."""
    from models.evaluation_text import render

    out.print(render(evaluation), markup=False, highlight=False)


def show_gates(version: str, gates: dict[str, Any]) -> None:
    """Print the gates of a promoted version."""
    rows = [[g["name"], "passed" if g["passed"] else "FAILED", g["threshold"]] for g in gates["gates"]]
    table(f"{version} answers now", ["gate", "", "threshold"], rows)


def _show_made(made: dict[str, Any]) -> None:
    show_evaluation(made["evaluation"])
    out.print(f"\nstored as {made['version']}; nothing is promoted yet")


def _registry(settings: Settings) -> Registry:
    return Registry(settings.home / "models")


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4f}"
