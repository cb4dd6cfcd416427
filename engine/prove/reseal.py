"""A list and a signature of a run's directory when reports were made after the run.

The journal stays as it is. What the run had sealed in the place of each new file stays on record,
so that all others are still held to its seal; for the new ones there is the signature of whoever
makes them, if anybody signs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.atomic import part_of, replace_all
from engine.errors import UsageError
from engine.model.event import stamp
from engine.prove.anew import Anew, Before
from engine.prove.seal import manifest_of
from engine.prove.signature import CantVerify, Signer, is_signed_with
from engine.verify import (
    EARLIER,
    JOURNAL,
    MANIFEST,
    NAMESPACE,
    SIGNATURE,
    Directory,
    Files,
    Wrong,
    canonical,
    digest,
    facts,
    files_below,
    in_words,
    listing,
    read_chain,
    read_earlier,
    read_file,
    read_json,
)


def look(directory: Path, made: Iterable[str]) -> Before:
    """What holds, whatever the files `made` are by now: they are made anew.

    UsageError when the journal was altered, or one of an earlier run: no report is made of that.
    """
    names = set(made)
    but = names | {part_of(Path(name)).name for name in (*names, MANIFEST, SIGNATURE)}
    try:
        found = Directory(directory)
        with _no_report_of_an_altered_journal(directory):
            found.check_journals()
        there = {
            name: seen
            for name, seen in files_below(directory).items()
            if name not in but - names and name != JOURNAL
        }
        _restore_list(found, there)
        found.check(but)
    except OSError as error:
        raise UsageError(in_words(error)) from error
    except Wrong as wrong:
        return _without_list(directory, wrong)
    return Before(
        directory,
        str(found.chain.events[0]["run"]),
        len(found.chain.events),
        head=found.chain.head,
        is_sealed=found.seal is not None,
        key=found.key,
        last=_last_key(found),
        sealed=found.sealed() if found.seal and found.manifest else {},
        kept={name: seen for name, seen in there.items() if name not in names},
    )


def _restore_list(found: Directory, there: Files) -> None:
    """A run that sealed its list may have had no room to write it down: it is what is there."""
    if found.manifest is None and found.seal and listing(there) == found.seal.get("list"):
        lines, head = len(found.chain.events), found.chain.head
        files = {**there, JOURNAL: facts(found.path / JOURNAL)}
        found.manifest = manifest_of(str(found.seal["run"]), lines, head, files)


def _last_key(found: Directory) -> str:
    """Of who signed reports that were made after the run, as long as that signature is there."""
    path = found.path / SIGNATURE
    if found.rebuilt is None or not path.is_file():
        return ""
    try:
        return is_signed_with(read_file(found.path / MANIFEST), read_file(path), NAMESPACE)
    except CantVerify:
        return ""


def _without_list(directory: Path, wrong: Wrong) -> Before:
    """Why there can't be one. UsageError when it is the lines of a journal."""
    raw = read_file(directory / JOURNAL)
    try:
        begun = read_json(raw.partition(b"\n")[0].decode())
    except ValueError as error:  # a blank line, say, which a reader of events passes over
        raise UsageError(f"{directory / JOURNAL}:1: no JSON event ({error})") from error
    problem = str(wrong)
    if "prev" not in begun:
        problem = "an older runbook wrote the journal, and its lines are no chain"
    else:
        with _no_report_of_an_altered_journal(directory):
            read_chain(raw, JOURNAL)
            for path in sorted((directory / EARLIER).glob("*")):
                read_earlier(read_file(path), f"{EARLIER}/{path.name}")
    return Before(directory, str(begun["run"]), raw.count(b"\n"), problem=problem)


@contextmanager
def _no_report_of_an_altered_journal(directory: Path) -> Iterator[None]:
    try:
        yield
    except Wrong as altered:
        raise UsageError(
            f"{directory}: NOT VALID: {altered}; of a journal that was altered no report is made"
        ) from altered


def put(anew: Anew, made: Mapping[str, bytes], signer: Signer | None) -> None:
    """Write the files, with a list and a signature of all that is then there.

    The new list comes first: from there until the last file is in its place it names those that
    are not, so no list that holds ever covers a half of each. Raises OSError, and CantSign before
    anything is written.
    """
    before = anew.before
    if before.problem:
        replace_all(before.directory, made)
        return
    new = {name: _facts(content) for name, content in made.items()}
    replaced = {
        name: before.sealed.get(name, {})
        for name, seen in new.items()
        if before.is_sealed and before.sealed.get(name) != seen
    }
    files = {**before.kept, **new, JOURNAL: facts(before.directory / JOURNAL)}
    when = stamp(anew.when)
    manifest = canonical(manifest_of(before.run, before.lines, before.head, files, when, replaced))
    signature = signer.sign(manifest) if signer else None
    replace_all(before.directory, {MANIFEST: manifest, SIGNATURE: signature, **made})


def _facts(content: bytes) -> dict[str, Any]:
    return {"size": len(content), "sha256": digest(content)}
