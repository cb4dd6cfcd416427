"""The end of a run's evidence: every file listed, the list sealed by the journal, signed.

`engine/verify.py` checks what is written here, and has the form of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.atomic import replace_all, write_atomically
from engine.model.inventory import Host
from engine.prove.signature import CantSign, Signer, find_signer
from engine.prove.statement import is_due, write_statement
from engine.prove.verifier import verifier
from engine.record.run import Run
from engine.verify import (
    HOW,
    JOURNAL,
    MANIFEST,
    SEALED,
    SIGNATURE,
    Files,
    Wrong,
    canonical,
    facts,
    files_below,
    form_of,
    listing,
)


@dataclass
class Sealed:
    """What the console says of it."""

    head: str
    signed: str = ""
    """The key's fingerprint; empty: unsigned."""
    unsigned: str = ""
    """Why it is not signed."""
    unwritten: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        signed = f"signed with {self.signed}" if self.signed else f"not signed: {self.unsigned}"
        return [f"evidence: {signed}", f"head of its journal: {self.head}"]


class Signing(ExitStack):
    """The operator's key while it is needed: looked for once, as it may wait to be touched."""

    def __init__(self, host: Host | None, chosen: Path | None) -> None:
        """`host`: the node whose identity files count; `chosen`: by the inventory."""
        super().__init__()
        self.signer: Signer | None = None
        self.why = ""
        """Why nothing signs, when there is no signer."""
        try:
            place = self.enter_context(tempfile.TemporaryDirectory(prefix="nr-sign-"))
            self.signer = find_signer(host, Path(place), chosen)
        except CantSign as error:
            self.why = str(error)
        except OSError as error:
            self.why = f"no temporary directory: {error}"

    @classmethod
    def of(cls, run: Run) -> Signing:
        """For the evidence of a run: the first node that the inventory names counts."""
        return cls(next(iter(run.inventory.hosts), None), run.inventory.settings.signing_key)

    @property
    def key(self) -> str:
        """Its fingerprint; empty: nothing signs."""
        return self.signer.fingerprint if self.signer else ""


def seal(run: Run, signing: Signing | None = None) -> Sealed:
    """List the run's files, seal the list in its journal and close that, sign the manifest.

    Whatever can't be written is told, not raised: the run itself is over. Closes `signing`.
    """
    with signing or Signing.of(run) as found:
        signer, why = found.signer, found.why
        shown = run.redactor.clean_output(why)
        unwritten = _verifier(run.directory, run.run_id, signer, shown)
        try:
            if is_due(run):
                write_statement(run, signer)
            files = files_below(run.directory)
        except (OSError, Wrong) as error:
            run.journal.close()
            lost = _not_written(run.directory, error)
            return Sealed(run.journal.head, unwritten=[*unwritten, lost])
        files.pop(JOURNAL, None)  # not written to its end yet
        run.record(
            SEALED,
            step="",
            files=len(files),
            list=listing(files),
            key=found.key,
        )
        run.journal.close()
        made = Sealed(run.journal.head, unsigned=why, unwritten=unwritten)
        if not run.journal.is_whole:
            made.unwritten.append(_not_written(run.directory, "its journal is not whole"))
            return made
        lines = run.journal.lines
        _write(run.directory, manifest_of(run.run_id, lines, made.head, files), signer, made)
        return made


def manifest_of(
    run: str,
    lines: int,
    head: str,
    files: Files,
    rebuilt: str | None = None,
    replaced: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """The content of a manifest; `rebuilt` and `replaced` when reports were made after the run."""
    return {
        "schema": form_of(files),
        "run": run,
        "journal": {"lines": lines, "head": head},
        "rebuilt": rebuilt,
        "replaced": dict(replaced or {}),
        "files": files,
    }


def _write(
    directory: Path, manifest: Mapping[str, Any], signer: Signer | None, made: Sealed
) -> None:
    """Manifest and signature, both or none; what became of them is put into `made`.

    The journal names the key by now. A manifest without its signature would be one of which
    somebody has taken that away, and no report made later could tell.
    """
    try:
        manifest["files"][JOURNAL] = facts(directory / JOURNAL)
        text = canonical(manifest)
        signed = {SIGNATURE: signer.sign(text)} if signer is not None else {}
        replace_all(directory, {**signed, MANIFEST: text})
        made.signed = signer.fingerprint if signer is not None else ""
    except CantSign as error:
        made.unsigned = str(error)
        made.unwritten.append(_not_written(directory, f"its key has signed before: {error}"))
    except OSError as error:
        made.unwritten.append(_not_written(directory, error))


def _verifier(directory: Path, run: str, signer: Signer | None, why: str) -> list[str]:
    """How to verify it, and with what; what could not be written keeps nothing else from being."""
    try:
        key = signer.fingerprint if signer else ""
        for name, content in verifier(run, key, why).items():
            write_atomically(directory / name, content)
    except OSError as error:
        return [_not_written(directory, error, HOW)]
    return []


def _not_written(directory: Path, error: Exception | str, name: str = MANIFEST) -> str:
    why = error.strerror if isinstance(error, OSError) and error.strerror else error
    return f"{directory / name} ({why})"
