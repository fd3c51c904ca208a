"""Commands about people's data: a copy, a correction, deletion, retention, anonymising, the vault's key, data for training."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from service.cli_console import AsOf, Json, day_of, out, refusals, say
from service.settings import Settings

Member = Annotated[str, typer.Argument(help="Identifier of the member.")]
Reason = Annotated[str, typer.Option("--reason", help="Who asked and why; kept in the journal.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    group = typer.Typer(
        no_args_is_help=True, help="People's data: export, correct, delete, retain, anonymise, rotate, training."
    )
    app.add_typer(group, name="privacy")
    group.command(epilog="Example: onemonth privacy export M000123 --reason 'asked at the counter'")(export)
    group.command(epilog="Example: onemonth privacy correct M000123 --set night_ok=true --reason 'told by phone'")(
        correct
    )
    group.command(epilog="Example: onemonth privacy delete M000123 --reason 'asked in writing'")(delete)
    group.command(epilog="Example: onemonth privacy retain")(retain)
    group.command(epilog="Example: onemonth privacy anonymise")(anonymise)
    group.command(epilog="Example: onemonth privacy rotate")(rotate)
    group.command(epilog="Example: onemonth privacy training ./for-analysts")(training)


def export(member: Member, reason: Reason, as_json: Json = False) -> None:
    """Print everything the record holds of a member, for the member."""
    from service.use_cases.person import export_person
    from service.wiring import open_office

    with refusals(), open_office(Settings()) as office:
        found = export_person(office, member, reason)
    say(as_json, found, lambda: out.print_json(json.dumps(found, ensure_ascii=False, default=str)))


def correct(
    member: Member,
    reason: Reason,
    values: Annotated[list[str], typer.Option("--set", help="COLUMN=VALUE; empty for unknown. May be given again.")],
    as_json: Json = False,
) -> None:
    """Correct what the record says of a member."""
    from service.use_cases.person import correct_person
    from service.wiring import open_office

    pairs = dict(v.partition("=")[::2] for v in values)
    with refusals(), open_office(Settings()) as office:
        correct_person(office, member, {k: v or None for k, v in pairs.items()}, reason)
    say(
        as_json,
        {"member_id": member, "corrected": sorted(pairs)},
        lambda: out.print(f"{member}: {', '.join(pairs)} corrected"),
    )


def delete(member: Member, reason: Reason, as_json: Json = False) -> None:
    """Take a member out of the record; what the ledger has to keep stays without identity."""
    from service.use_cases.person import delete_person
    from service.wiring import open_office

    with refusals(), open_office(Settings()) as office:
        done = delete_person(office, member, reason)
    told = f"{done.rows} rows deleted" + (
        f"; the ledger keeps the rest until {done.kept_until}" if done.kept_until else ""
    )
    say(as_json, {"member_id": member, "rows": done.rows, "kept_until": done.kept_until}, lambda: out.print(told))


def retain(as_of: AsOf = None, as_json: Json = False) -> None:
    """Take away what has been kept long enough: lists nobody acted on, sensitive facts of closed files."""
    from service.use_cases.retention import retain as run
    from service.wiring import open_office

    with refusals(), open_office(Settings(), day=day_of(as_of)) as office:
        done = run(office)
    told = {"suggestions": done.suggestions, "sensitive": done.sensitive}
    say(
        as_json,
        told,
        lambda: out.print(f"{done.suggestions} suggestions, sensitive facts in {done.sensitive} rows taken away"),
    )


def anonymise(as_of: AsOf = None, as_json: Json = False) -> None:
    """Turn files closed more than three years ago into rows that name nobody."""
    from service.use_cases.retention import anonymise as run
    from service.wiring import open_office

    with refusals(), open_office(Settings(), day=day_of(as_of)) as office:
        done = run(office)
    say(as_json, {"households": done}, lambda: out.print(f"{done} households anonymised"))


def rotate(as_json: Json = False) -> None:
    """Seal every identity under ONEMONTH_VAULT_KEY_NEXT; afterwards put that key in ONEMONTH_VAULT_KEY and start again."""
    from matching.errors import NotReady
    from service.storage.vault import Vault
    from service.wiring import open_store

    settings = Settings()
    with refusals(), open_store(settings) as store:
        if settings.vault_key_next is None:
            raise NotReady("rotate: expected the new key in ONEMONTH_VAULT_KEY_NEXT, found none")
        done = store.reseal(Vault.of(settings.vault_key_next.get_secret_value()), actor="console")
    say(as_json, {"identities": done}, lambda: out.print(f"{done} identities sealed under the new key"))


def training(folder: Path, as_of: AsOf = None, as_json: Json = False) -> None:
    """Write data for analysts under random keys, at least five people alike, and try to find each person again before it is kept."""
    from service.use_cases.training_export import training_data
    from service.wiring import open_office

    with refusals(), open_office(Settings(), day=day_of(as_of)) as office:
        found = training_data(replace(office, actor="console", role="service"))
        made = found.made
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in made.frames.items():
            frame.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8")
    told = {
        "people": made.people,
        "left_out": made.left_out,
        "smallest": made.smallest,
        "fewest_candidates": found.fewest,
    }
    say(
        as_json,
        told,
        lambda: out.print(f"{made.people} people written, {made.left_out} left out, at least {found.fewest} alike"),
    )
