"""Trained versions: stored once, checked before they are opened, put in charge through gates, and taken back in one step.

Folder: ``versions/v0001/`` (state, parts, evaluation, cards, signed manifest), ``history.jsonl`` (who registered, promoted and rolled back
what, when and why; signed and chained), ``lock``. The history says what is in production; nothing else does.

Before anything of a version is parsed: the history's chain and signatures, the manifest's hash as the history names it and its signature,
the hash and size of every file, no foreign file and no link; then a structural check of every part, then the golden rows in a child
process, and only then this process opens it.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matching.baseline import BaselineScorer
from matching.errors import BadInput, Conflict, ModelRefused, NotFound, TrialUnfinished
from matching.features import FEATURE_NAMES
from matching.scoring import Scorer
from models.card import LANGUAGES, card
from models.gates import LIMITS, judge, judge_against
from models.registry_check import check_parts
from models.registry_compare import compare_evaluations
from models.registry_files import (
    is_version,
    libraries,
    locked,
    marks_of,
    read_manifest,
    read_version,
    sha256,
    write_version,
)
from models.registry_golden import golden_scores, refuse_other_scores, score_in_child
from models.registry_history import Events, production_of, shadow_of, stack_of, told
from models.registry_log import Keys, append, canonical, read_log

if TYPE_CHECKING:
    from models.trained import TrainedRanker

STATE, GOLDEN, EVALUATION, PART = "state.json", "golden.json", "evaluation.json", "part."
FORMAT = 1

GATE_LIMITS: Mapping[str, float] = LIMITS
"""The thresholds of the gates a version has to pass."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    stamp: tuple[int, ...]
    production: str | None
    scorer: Scorer
    last: tuple[int, str]


class Registry:
    """A folder of trained versions.

    Parameters
    ----------
    folder : Path
    keys : Path or None
        Where the signing and checking keys are; by default beside the folder, named after it with ``-keys``. A machine that only serves
        needs the checking key alone.
    """

    def __init__(self, folder: Path, *, keys: Path | None = None) -> None:
        self.folder = Path(folder)
        self._keys = Keys(Path(keys) if keys is not None else self.folder.with_name(self.folder.name + "-keys"))
        self._loaded: _Loaded | None = None
        self._loading = threading.Lock()
        self._tried: set[str] = set()
        self._refused: tuple[object, str] | None = None

    def signing(self) -> Keys:
        """Return the keys this registry signs with, which other records of the office are signed with too; made at the first use."""
        with locked(self.folder / "lock"):
            if not self._keys.made and not self._events():
                self._keys.make()
        return self._keys

    @property
    def keys(self) -> Keys:
        """The keys as they are; checking a signature makes none."""
        return self._keys

    def save(self, trained: "TrainedRanker", evaluation: Mapping[str, Any], *, made_by: str, made_at: str) -> str:
        """Store a trained scorer with its evaluation as the next version and return the version's name; nothing is promoted."""
        state, parts = trained.to_state()
        files = {
            STATE: canonical(state),
            GOLDEN: canonical({"scores": golden_scores(trained)}),
            EVALUATION: canonical(evaluation),
        }
        files |= {PART + name: part.encode("ascii") if isinstance(part, str) else part for name, part in parts.items()}
        with locked(self.folder / "lock"):
            events = self._events()
            if not events and not self._keys.made:
                self._keys.make()
            version = self._next(events)
            named = {
                f"card.{language}.md": card(evaluation, version, language, evidence=trained.evidence).encode()
                for language in LANGUAGES
            }
            manifest = {
                "format": FORMAT, "version": version, "made_by": made_by, "made_at": made_at, "features": list(FEATURE_NAMES),
                "libraries": libraries(), "evidence": dict(trained.evidence), "data": evaluation["test"], "gates": evaluation["gates"]["failed"],
            }  # fmt: skip
            _check_own(trained, files)
            digest = write_version(self._path(version), {**files, **named}, manifest, self._keys)
            self._append(
                events, {"event": "registered", "version": version, "manifest": digest, "by": made_by, "at": made_at}
            )
        return version

    def list(self) -> Events:
        """Return one row a version: name, when and by whom it was registered, failed gates, and whether it is in production."""
        events = self._events()
        now = production_of(events)
        out = []
        for event in (e for e in events if e["event"] == "registered"):
            manifest = read_manifest(self._path(event["version"]), event["manifest"], self._keys)
            out.append({
                "version": event["version"], "made_at": manifest["made_at"], "made_by": manifest["made_by"], "referrals": manifest["evidence"].get("referrals"),
                "failed_gates": manifest["gates"], "production": event["version"] == now,
            })  # fmt: skip
        return out

    def show(self, version: str) -> dict[str, Any]:
        """Return a version's manifest, evaluation and what happened to it."""
        events = self._events()
        manifest, files = self._files(events, version)
        return {
            "manifest": manifest, "evaluation": json.loads(files[EVALUATION]), "production": version == production_of(events),
            "history": [told(e) for e in events if e["version"] == version],
        }  # fmt: skip

    def card(self, version: str, language: str = "zh") -> str:
        """Return a version's model card as Markdown, in ``zh`` or ``en``."""
        if language not in LANGUAGES:
            raise BadInput(f"expected a language of {', '.join(LANGUAGES)}, found {language!r}")
        return self._files(self._events(), version)[1][f"card.{language}.md"].decode()

    def compare(self, first: str, second: str) -> dict[str, Any]:
        """Return the second version's figures minus the first's; with intervals where both were judged on the same referrals."""
        events = self._events()
        one, two = (json.loads(self._files(events, v)[1][EVALUATION]) for v in (first, second))
        return {"first": first, "second": second, **compare_evaluations(one, two)}

    def promote(
        self, version: str, *, by: str, at: str, override: str | None = None, approved_by: str | None = None
    ) -> dict[str, Any]:
        """Put a version in charge and return its gates.

        The version is verified, loaded and tried first. Conflict when a gate fails and no ``override`` says why it shall be done all the
        same; the reason, who, who approved it and when are in the history for good.
        """
        if override is not None and not override.strip():
            raise BadInput("expected a reason where gates are overridden; state it")
        _refuse_nobody(by, approved_by)
        self.load(version)
        with locked(self.folder / "lock"):
            events = self._events()
            now = production_of(events)
            if now == version:
                raise Conflict(f"{version} is in production already")
            evaluation = json.loads(self._files(events, version)[1][EVALUATION])
            report = judge(evaluation)
            if now is not None:
                report = judge_against(report, evaluation, now, json.loads(self._files(events, now)[1][EVALUATION]))
            if not report.passed and override is None:
                raise Conflict(
                    f"{version} does not pass: {'; '.join(f'{g.name} ({g.threshold})' for g in report.gates if not g.passed)}. Train again, or promote with a recorded reason"
                )
            body = {
                "event": "promoted",
                "version": version,
                "by": by,
                "approved_by": approved_by,
                "at": at,
                "why": override,
                "failed_gates": [*report.failed],
                "replaced": now,
            }
            self._append(events, body)
        return report.as_dict()

    def rollback(self, *, by: str, at: str, why: str | None = None, approved_by: str | None = None) -> dict[str, Any]:
        """Put what was in charge before in charge again, the baseline if nothing was; return what was left and what answers now."""
        _refuse_nobody(by, approved_by)
        with locked(self.folder / "lock"):
            events = self._events()
            stack = stack_of(events)
            if not stack:
                raise Conflict("nothing is in production, so there is nothing to roll back; the baseline answers")
            back = stack[-2] if len(stack) > 1 else None
            if back is not None:
                self._files(events, back)
            body = {"event": "rolled_back", "version": stack[-1], "to": back, "by": by, "approved_by": approved_by}
            self._append(events, {**body, "at": at, "why": why})
        return {"left": stack[-1], "production": back or BaselineScorer.version}

    def shadow(self, version: str | None, *, by: str, at: str) -> None:
        """Let a version score beside the one in charge, which alone answers; None ends it. The version is loaded and tried first."""
        _refuse_nobody(by, None)
        if version is not None:
            self.load(version)
        with locked(self.folder / "lock"):
            events = self._events()
            if version is None and shadow_of(events) is None:
                raise Conflict("no version runs in the shadow; nothing was changed")
            self._append(events, {"event": "shadowed", "version": version, "by": by, "at": at})

    def production(self) -> str | None:
        """Return the version in charge, None when the baseline answers."""
        return production_of(self._events())

    def history(self) -> Events:
        """Return every event: what was registered, promoted and rolled back, when, by whom and why."""
        return [told(e) for e in self._events()]

    def load(self, version: str) -> "TrainedRanker":
        """Return a version's scorer after every check; ModelRefused says what was expected and found."""
        return self._load(self._events(), version)

    def current_scorer(self) -> Scorer:
        """Return the scorer in charge, BaselineScorer when none is; a promotion or rollback by any process is seen at once.

        One ``stat`` when nothing changed. While one thread loads a new version, others go on with the one before. ModelRefused when the
        version in charge, or the history, is not what the registry wrote: the caller decides what to answer with, and says so. What was
        refused is not opened again before a file of the registry or a key changes.
        """
        stamp = self.stamp()
        before = self._loaded
        if before is not None and before.stamp == stamp:
            return before.scorer
        if not self._loading.acquire(blocking=before is None):
            assert before is not None
            return before.scorer
        try:
            return self._reload_unless_refused(stamp)
        finally:
            self._loading.release()

    def _reload_unless_refused(self, stamp: tuple[int, ...]) -> Scorer:
        # marks before the files are read: one that changes meanwhile is looked at again
        rests_on = marks_of(self.folder, self._keys.folder), FORMAT, FEATURE_NAMES
        if self._refused is not None and self._refused[0] == rests_on:
            raise ModelRefused(self._refused[1])
        try:
            scorer = self._reload(stamp)
        except ModelRefused as refused:
            self._refused = None if isinstance(refused, TrialUnfinished) else (rests_on, str(refused))
            raise
        self._refused = None
        return scorer

    def _reload(self, stamp: tuple[int, ...]) -> Scorer:
        before = self._loaded
        if before is not None and before.stamp == stamp:
            return before.scorer
        events = self._events()
        if (
            before is not None
            and before.last[0]
            and (len(events) < before.last[0] or events[before.last[0] - 1]["hash"] != before.last[1])
        ):
            raise ModelRefused(
                f"history: expected its first {before.last[0]} lines as they were when last read, found others; restore the history from a copy"
            )
        now = production_of(events)
        if before is not None and before.production == now:
            scorer = before.scorer
        else:
            scorer = BaselineScorer() if now is None else self._load(events, now)
        self._loaded = _Loaded(stamp, now, scorer, (len(events), events[-1]["hash"] if events else ""))
        return scorer

    def _load(self, events: Events, version: str) -> "TrainedRanker":
        manifest, files = self._files(events, version)
        if manifest["format"] != FORMAT or manifest["features"] != list(FEATURE_NAMES):
            raise ModelRefused(
                f"{version}: expected format {FORMAT} and the {len(FEATURE_NAMES)} features of this release, found format {manifest['format']} and {len(manifest['features'])}; train again"
            )
        parts = _parts(files)
        state = check_parts(files[STATE], parts, len(FEATURE_NAMES))
        digest = sha256(canonical(manifest))
        if digest not in self._tried:
            refuse_other_scores(version, json.loads(files[GOLDEN])["scores"], score_in_child(files[STATE], parts))
            self._tried.add(digest)
        from models.trained import TrainedRanker

        return TrainedRanker.from_state(state, parts, version)

    def _files(self, events: Events, version: str) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Return a version's manifest and the checked bytes of its files."""
        if not is_version(version):
            raise NotFound(f"expected a version such as v0001, found {version!r}")
        registered = [e for e in events if e["event"] == "registered" and e["version"] == version]
        if not registered:
            raise NotFound(f"no version {version} in the registry; see the list of versions")
        folder = self._path(version)
        manifest = read_manifest(folder, registered[0]["manifest"], self._keys)
        return manifest, read_version(folder, manifest)

    def _events(self) -> Events:
        return read_log(self._log, self._keys)

    def _append(self, events: Events, body: Mapping[str, Any]) -> None:
        append(self._log, self._keys, events, body)

    def _next(self, events: Events) -> str:
        there = [p.name for p in self._path("v0000").parent.glob("v*") if is_version(p.name)]
        used = [int(name[1:]) for name in [*there, *(e["version"] for e in events)]]
        return f"v{max(used, default=0) + 1:04d}"

    def _path(self, version: str) -> Path:
        return self.folder / "versions" / version

    @property
    def _log(self) -> Path:
        return self.folder / "history.jsonl"

    def stamp(self) -> tuple[int, ...]:
        """Return what changes whenever the history does; one ``stat``."""
        try:
            found = self._log.stat()
        except FileNotFoundError:
            return ()
        return found.st_mtime_ns, found.st_size, found.st_ino


def _check_own(trained: "TrainedRanker", files: Mapping[str, bytes]) -> None:
    """Refuse to write what could not be read back: same form, and the same scores to the last bit."""
    parts = _parts(files)
    again = type(trained).from_state(check_parts(files[STATE], parts, len(FEATURE_NAMES)), parts)
    if golden_scores(again) != json.loads(files[GOLDEN])["scores"]:
        raise ModelRefused(
            "expected the scorer to score the same after it was written down, found other scores; nothing was stored"
        )


def _parts(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name.removeprefix(PART): content for name, content in files.items() if name.startswith(PART)}


def _refuse_nobody(by: str, approved_by: str | None) -> None:
    if not by.strip():
        raise BadInput("expected the name of who decides; state it")
    if approved_by is not None and approved_by.strip() in ("", by.strip()):
        raise BadInput("expected a second person to approve, found the same or nobody; ask a colleague")
