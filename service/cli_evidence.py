"""Commands about the evidence of a household: build the sealed pack, and check one that was built."""

from pathlib import Path
from typing import Annotated

import typer

from service.cli_console import Json, out, refusals, say
from service.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    group = typer.Typer(no_args_is_help=True, help="Evidence of one household: build a sealed pack, check one.")
    app.add_typer(group, name="evidence")
    group.command(epilog="Example: onemonth evidence build H000123 --reason 'inspection' --to .")(build)
    group.command(epilog="Example: onemonth evidence verify evidence-H000123-20261126.zip")(verify)


def build(
    household: Annotated[str, typer.Argument(help="Identifier of the household.")],
    reason: Annotated[str, typer.Option("--reason", help="Who asked and why; kept in the journal.")],
    to: Annotated[Path, typer.Option(help="Folder the pack is written to.")] = Path(),
    as_json: Json = False,
) -> None:
    """Write everything offered, shown and decided about a household to one sealed archive."""
    from service.use_cases.evidence import evidence_pack
    from service.wiring import open_office

    with refusals(), open_office(Settings()) as office:
        made = evidence_pack(office, household, reason)
        to.mkdir(parents=True, exist_ok=True)
        path = to / made.name
        path.write_bytes(made.content)
    told = {"file": str(path), "sha256": made.sha256, "counts": dict(made.counts)}
    say(as_json, told, lambda: out.print(f"{path}: {len(made.content):,} bytes, sha256 {made.sha256}"))


def verify(
    file: Annotated[Path, typer.Argument(help="A pack.", exists=True, dir_okay=False)],
    keys: Annotated[
        Path | None, typer.Option(help="Folder with the office's checking.pem; this installation's when left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check every byte of a pack against its manifest and the office's signature; code 1 when anything was changed."""
    from models.registry import Registry
    from models.registry_log import CHECKING, Keys
    from service.sealed_pack import check_pack

    with refusals():
        own = Registry(Settings().home / "models").keys if keys is None else Keys(keys)
        if not own.made:
            from matching.errors import NotReady

            raise NotReady(f"expected the office's {CHECKING}, found none; name its folder with --keys")
        found = check_pack(file.read_bytes(), own)
    told = {"file": str(file), "holds": not found.faults, "faults": list(found.faults),
            **{k: found.manifest.get(k) for k in ("household_id", "built_at", "built_by", "reason", "journal")}}  # fmt: skip

    def human() -> None:
        """Print what was changed, or that the pack holds."""
        for fault in found.faults:
            out.print(f"CHANGED {fault}", markup=False, highlight=False)
        if not found.faults:
            out.print(
                f"{file}: holds; {len(found.manifest['files'])} files of {told['household_id']}, built {told['built_at']}"
            )

    say(as_json, told, human)
    if found.faults:
        raise typer.Exit(1)
