"""A list and a signature of a run's directory when reports were made after the run.

The journal stays as it is. What the run had sealed in the place of each new file stays on record,
so that all others are still held to its seal; for the new ones there is the signature of whoever
makes them, if anybody signs. The manifest that was there, and its signature, are kept beside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
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
    KEPT,
    MANIFEST,
    NAMESPACE,
    SIGNATURE,
    Directory,
    Wrong,
    canonical,
    chain_of,
    digest,
    earlier_of,
    facts,
    files_below,
    in_words,
    kept_as,
    listing,
    open_whole,
    read_file,
    read_json,
    read_manifest,
    sealed_by,
)


def look(directory: Path, made: Iterable[str]) -> Before:
    """What holds, whatever the files `made` are by now: they are made anew.

    UsageError when the journal was altered, or one of an earlier run: no report is made of that.
    """
    names = set(made)
    try:
        found = Directory(directory)
        with _no_report_of_an_altered_journal(directory):
            found.check_journals()
        is_restored = _restore_list(found, set(made))
        former = _former(found)
        written = {*names, *former, MANIFEST, SIGNATURE}
        but = {*names, *former, *(part_of(Path(name)).name for name in written)}
        there = {
            name: seen
            for name, seen in files_below(directory).items()
            if name not in but - names and name != JOURNAL
        }
        found.check(but)
        _check_signatures(found, but)
        spoilt = (*_without_a_seal(found), *_spoilt(found, names))
    except OSError as error:
        raise UsageError(in_words(error)) from error
    except Wrong as wrong:
        return _without_list(directory, wrong)
    return Before(
        directory,
        str(found.chain.events[0]["run"]),
        found.chain.lines,
        head=found.chain.head,
        is_sealed=found.seal is not None,
        key=found.key,
        last=_last_key(found),
        sealed=sealed_by(found.manifest) if found.seal and found.manifest else {},
        kept={name: seen for name, seen in there.items() if name not in names},
        former=former,
        spoilt=(*([_RESTORED] if is_restored else ()), *spoilt),
    )


_RESTORED = f"{MANIFEST} was missing; the list that the run sealed is what is there"


def _former(found: Directory) -> dict[str, bytes]:
    """Manifest and signature as they are, by the names under which they are to be kept.

    Whoever was killed while making reports may have kept them already. Wrong when something else
    is there.
    """
    if found.manifest is None:
        return {}
    name = kept_as(1 + sum(_is_kept(one) for one in found.manifest["files"]))
    former = {name: canonical(found.manifest)}
    signature = found.path / SIGNATURE
    if not (found.path / MANIFEST).is_file() and not signature.is_file():
        return {}  # neither was written, so nothing is lost
    if signature.is_file() and not _is_stale(found):
        former[f"{name}.sig"] = read_file(signature)
    for one in (name, f"{name}.sig"):
        path = found.path / one
        if path.exists() and former.get(one) != read_file(path):
            raise Wrong(f"{one} was added")
    return former


def _is_kept(name: str) -> bool:
    """A manifest, and no signature."""
    match = KEPT.match(name)
    return match is not None and not match[2]


def _is_stale(found: Directory) -> bool:
    """The signature is that of the manifest before, which is kept: the new one was never put."""
    assert found.manifest is not None
    kept = [found.path / f"{one}.sig" for one in found.manifest["files"] if _is_kept(one)]
    now = read_file(found.path / SIGNATURE)
    return any(path.is_file() and read_file(path) == now for path in kept)


def _check_signatures(found: Directory, but: set[str]) -> None:
    """Those that are there are good. Wrong, for one that was removed as well."""
    if found.manifest is not None and (found.path / SIGNATURE).is_file() and _is_stale(found):
        but = {*but, MANIFEST}
    if not (found.path / MANIFEST).is_file():
        but = {*but, MANIFEST}  # the list was restored: there was no room to sign it, either
    with suppress(OSError):  # without ssh-keygen they are kept all the same, and checked later
        found.check_signatures(None, but)


def _without_a_seal(found: Directory) -> tuple[str, ...]:
    """What nobody can answer for where no seal is, a sentence each; whoever makes reports of it
    again is told again."""
    if found.seal is not None:
        return ()
    ended, untold = found.how_it_ended(), found.untold_files(found.read_earlier())
    return (
        *((ended,) if found.has_ended else ()),
        *(
            f"{name}: no line of a journal tells of it: written when the run was killed, or put"
            " there since; it is listed as it is"
            for name in untold
        ),
    )


def _spoilt(found: Directory, names: Iterable[str]) -> tuple[str, ...]:
    """Files that are made anew and are none that a list has: somebody has altered them."""
    manifests = [found.manifest, *(read_manifest(found.path / one) for one in found.kept())]
    lists = [one[part] for one in manifests if one for part in ("files", "replaced")]
    return tuple(
        f"{name} was altered since it was made; it is made anew"
        for name in sorted(names)
        if lists
        and (found.path / name).is_file()
        and facts(found.path / name) not in [each.get(name) for each in lists]
    )


def _restore_list(found: Directory, made: Iterable[str]) -> bool:
    """A run that sealed its list may have had no room to write it down: it is what is there."""
    if found.manifest is not None or not found.seal:
        return False
    parts = {part_of(Path(name)).name for name in (*made, MANIFEST, SIGNATURE)}
    there = {
        name: seen
        for name, seen in files_below(found.path).items()
        if name not in parts and name != JOURNAL
    }
    if listing(there) != found.seal.get("list"):
        return False
    lines, head = found.chain.lines, found.chain.head
    files = {**there, JOURNAL: facts(found.path / JOURNAL)}
    found.manifest = manifest_of(str(found.seal["run"]), lines, head, files)
    return True


def _last_key(found: Directory) -> str:
    """Of who signed reports that were made after the run, as long as that signature is there."""
    path = found.path / SIGNATURE
    if found.rebuilt is None or not path.is_file() or _is_stale(found):
        return ""
    try:
        return is_signed_with(read_file(found.path / MANIFEST), read_file(path), NAMESPACE)
    except CantVerify:
        return ""


def _without_list(directory: Path, wrong: Wrong) -> Before:
    """Why there can't be one. UsageError when it is the lines of a journal."""
    with open_whole(directory / JOURNAL) as file:
        first = file.readline()
        lines = first.endswith(b"\n") + sum(line.endswith(b"\n") for line in file)
    try:
        begun = read_json(first.removesuffix(b"\n").decode())
    except ValueError as error:  # a blank line, say, which a reader of events passes over
        raise UsageError(f"{directory / JOURNAL}:1: no JSON event ({error})") from error
    problem = str(wrong)
    if "prev" not in begun:
        problem = "an older runbook wrote the journal, and its lines are no chain"
    else:
        with _no_report_of_an_altered_journal(directory):
            chain_of(directory / JOURNAL, JOURNAL)
            for path in sorted((directory / EARLIER).glob("*")):
                earlier_of(path, f"{EARLIER}/{path.name}")
    return Before(directory, str(begun["run"]), lines, problem=problem)


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

    What is kept of the list before comes first, which does not have it; then the new list: from
    there until the last file is in its place it names those that are not, so no list that holds
    ever covers a half of each. Raises OSError, and CantSign before anything is written.
    """
    before = anew.before
    if before.problem:
        replace_all(before.directory, made)
        return
    new = {name: _facts(content) for name, content in made.items()}
    former = {name: _facts(content) for name, content in before.former.items()}
    replaced = {
        name: before.sealed.get(name, {})
        for name, seen in new.items()
        if before.is_sealed and before.sealed.get(name) != seen
    }
    files = {**before.kept, **former, **new, JOURNAL: facts(before.directory / JOURNAL)}
    when = stamp(anew.when)
    manifest = canonical(manifest_of(before.run, before.lines, before.head, files, when, replaced))
    signature = signer.sign(manifest) if signer else None
    listed = {MANIFEST: manifest, SIGNATURE: signature}
    replace_all(before.directory, {**before.former, **listed, **made})


def _facts(content: bytes) -> dict[str, Any]:
    return {"size": len(content), "sha256": digest(content)}
