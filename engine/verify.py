#!/usr/bin/env python3
"""Is this directory what a run of the runbook left, and has nobody touched it since?

    python3 verify.py DIR [--head HASH] [--allowed-signers FILE] [--approvers FILE]
                          [--witness FILE] [--timestamp-ca FILE]

This file works alone: Python 3.6 or newer, nothing else of the project. For signatures it calls
OpenSSH's `ssh-keygen` (8.2 or newer), with --timestamp-ca `openssl`. It changes nothing.

Each line of a journal has the SHA-256 of the line before it (`prev`). The last line, `sealed`, has
that of the list of all other files, so the hash of the last line, the head, stands for the whole
directory; the run printed it. `manifest.json` has the list and the head, `manifest.json.sig` is
the operator's signature of the manifest.

Long outputs lie in `outputs/`, those of the attempt's earlier runs in `outputs/RUN/`; the journals
cite them by name and hash, so they are checked also where no list of files is.

Approvals that counted lie in `outputs/` with the file of approvers that the run went by: each has
to hold by that file, and by one's own when it is given.

Reports can be made anew from the journal later. The manifest then has a new list, and what the run
had sealed in place of the new files; the head stands for these no more. The manifest that was there
before, and its signature, are kept as `manifest.1.json` and so on: they have to hold as well.

Exit code: 0 valid; 1 not valid, the first thing that is wrong is named; 2 consistent, but what was
given does not prove all of it: neither head nor signers, or the head alone where reports were made
after the run, or the run did not come to its end; 4 wrong use, or what can't be read.
"""

import argparse
import base64
import calendar
import errno
import hashlib
import itertools
import json
import os
import re
import stat
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import (
    Any,
    BinaryIO,
    Callable,
    Dict,
    Iterable,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)

JOURNAL = "journal.jsonl"
EARLIER = "earlier"
OUTPUTS = "outputs"
FETCHED = "outputs-fetched"
"""The event that says which outputs of an earlier run are there, and why others are not."""
BROUGHT = "file-fetched"
"""The event that a file of a node was brought into the run's directory."""
JOURNALS_READ = "journals-read"
"""The event of which earlier runs journals are put into the directory, the head of each by its run;
it comes before the first of them is. Older runbooks have the heads in `position` alone."""
MANIFEST = "manifest.json"
SIGNATURE = "manifest.json.sig"
APART = (MANIFEST, SIGNATURE)
"""Not in the manifest's list: what it can't know of itself."""
KEPT = re.compile(r"^manifest\.([1-9][0-9]{0,8})\.json(\.sig)?\Z")
"""A manifest that a later one took the place of, and its signature; in the list."""
HOW = "VERIFY.txt"
"""What a run leaves for whoever verifies it; in the list like every other file."""
COPY = "verify.py"
"""The copy of this file in a run's directory; in the list, too."""
PLAN = "plan.json"
"""What a run that only planned leaves."""
LIVE = "live.html"
"""What a run shows while it works."""
HANDOVER = ("handover.txt", "handover.md", "handover.html")
"""What a run that has upgraded the cluster leaves for those who have it from then on."""
_PAGES = ("report.html", "junit.xml", "evidence.html")
REMADE = ("summary.json", PLAN, *_PAGES, *HANDOVER, HOW, COPY)
"""What may be made anew after the run had sealed it: all of it follows from the journals."""
NAMESPACE = "neteye-runbook"
"""A signature that the same key made for something else does not count for a manifest."""
APPROVALS = "approvals"
"""The fact that says which approvals counted, and where their files are."""
APPROVAL = NAMESPACE + "-approval"
"""Namespace of approvals: a signature of evidence approves nothing."""
HEAD = re.compile(r"^\s*[0-9A-Fa-f]{64}\s*$")
"""As it is given on the command line."""
GENESIS = "0" * 64
"""`prev` of a first line."""
SEALED = "sealed"
ENDED_RUN = "run-ended"
CLOSED = "attempt-closed"
WITNESSED = "witnessed"
"""The event that says who else has the head of the journal: `line` and `head`, its hash."""
BEGUN, NO_RETURN, ENDED = "begun", "no-return", "ended"
"""When it was given to them."""
WITNESS_TAG = "neteye-runbook"
"""By which the system journals of the nodes have their lines: `journalctl -t neteye-runbook`."""
WITNESS_LINE = (
    "run {run}, attempt {attempt}, {moment}: line {line} of its journal.jsonl has sha256 {head}"
)
SCHEMA = 2
"""The form of chain, seal and manifest. A new number: this file would misread them. A manifest has
2 when it lists kept ones, else 1, as it was before there were any."""

VALID, NOT_VALID, NOT_PROVED, USAGE = 0, 1, 2, 4
_ARMOUR = ("-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----")
_ARMOUR_WIDTH = 70
DEADLINE = 30
"""Seconds for one call of ssh-keygen."""
_GOOD = re.compile(r"^Good .* with (\S+ key SHA256:\S+)", re.M)
_AUTHORITY = b"cert-authority"
"""The option of a line whose key is that of an authority, which signs certificates."""
_TOO_OLD = re.compile(r"(illegal|unknown|invalid) option|Unsupported operation for -Y", re.I)
_WITNESS = re.compile(
    r"(?:(?P<host>\S{1,255}) neteye-runbook(?:\[\d{1,9}\])?: )?run (?P<run>\S{1,255}),"
    r" attempt (?P<attempt>\S{1,255}), (?P<moment>[a-z-]{1,30}): line (?P<line>\d{1,9}) of its"
    r" journal\.jsonl has sha256 (?P<head>[0-9a-f]{64})"
)
"""`WITNESS_LINE` as `journalctl` prints it."""
_STAMP_FILE = re.compile(r"^timestamps/[0-9a-z-]+\.tsr\Z")
_STAMPED = re.compile(
    r"^Time stamp: ([A-Z][a-z]{2}) +(\d{1,2}) (\d\d:\d\d:\d\d)(?:\.\d+)? (\d{4}) GMT$", re.M
)
APART_AT_MOST = 60.0
"""Seconds between the journal's time and a time stamp's: an authority answers within some."""
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
LARGEST_REPLY = 1 << 20
"""Bytes of a time stamp authority's reply: most have a few thousand."""
_SHOWN = 20
LARGEST = 1 << 30
"""Bytes of a file that is read as a whole."""
MOST_LINES = 2_000_000
"""Lines of a journal: a long night has some ten thousand."""
LONGEST = 16 << 20
"""Bytes of a line of a journal: long texts lie in files of their own."""
MOST_KEYS = 50
"""Lines of a file of signers with the same key: each takes some calls of ssh-keygen."""
SLACK = timedelta(seconds=1)
"""By which a time may be earlier than the one before it: time servers set clocks so."""
DEEPEST = 64
"""Lists and objects within each other: nothing that is read here has more than a few, and Python
itself ends at some hundreds, wherever the value is written down or compared."""
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""What may be a surrogate that stands alone: it can't be written to a file."""
_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z\Z", re.ASCII)
_OUTPUT = re.compile(r"^outputs/([A-Za-z0-9][A-Za-z0-9.-]*)\Z")
_BACKUP = re.compile(r"^backups/([A-Za-z0-9][A-Za-z0-9._-]*)\Z")
_CITING = ("output", "whole")
"""Fields of an event that may cite a file."""
_RUN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,254}\Z")
"""The name of a run, which is that of a directory as well."""
_TOLD = re.compile(r"^(?:(?:outputs|backups|timestamps)/|support-)[A-Za-z0-9][A-Za-z0-9._-]*\Z")
"""A file of the run's directory."""
_PLACES = ("outputs/", "backups/", "timestamps/", "support-")
_QUOTED = tuple(b'"' + place.encode() for place in _PLACES)
_SAYING = ("run-started", "accepted", "settled", "note", "warning")
"""Events with the words of a person, or of the run to one: they are no record of a file."""
_PART = re.compile(r"^\..*\.part\Z", re.S)
"""A file while it is written: whoever is killed leaves it there, and nobody reads it."""
OF_STEPS = (
    "steps", "step-started", "step-ended", "intent", "result", "row", "finding", "observation",
    "attempt-opened", CLOSED, "accepted", "baseline", "command-started", JOURNALS_READ,
)  # fmt: skip
"""Events that no run writes once it has told how it ended."""

_NAMING = ("event", "run", "attempt", "step")
"""Fields of an event that tell what it is, and whose."""
_TEXTS = frozenset((str, type(None)))
_TELLING = frozenset(
    (FETCHED, BROUGHT, JOURNALS_READ, ENDED_RUN, CLOSED, "run-started", "position", "lock-taken")
)
"""Events by which the rest is held; most of a journal's are others."""

Files = Dict[str, Dict[str, Any]]


class Wrong(Exception):
    """What is not as the run left it, in a sentence."""


class Chain(NamedTuple):
    """A journal whose lines follow each other."""

    events: List[Dict[str, Any]]
    """Of a file that is read line by line without the answers that nothing here goes by."""
    head: str
    """Hash of the last line."""
    torn: bool
    """The last line was cut off while it was written; it is not counted."""
    lines: int
    heads: Callable[[], Iterable[str]]
    """The hash of each line, in order."""


class Verdict(NamedTuple):
    """The exit code and what is said, the verdict first."""

    code: int
    lines: List[str]


def digest(data: bytes) -> str:
    """SHA-256 in lower case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


# what others hand in


def open_file(path: Path) -> BinaryIO:
    """To be read; OSError when it is no regular file: a pipe would be waited for, for ever."""
    descriptor = os.open(str(path), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(kind):
            what = "a pipe" if stat.S_ISFIFO(kind) else "a device or a socket"
            raise OSError(errno.EINVAL, f"it is {what}, expected a file", str(path))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def open_whole(path: Path, largest: int = LARGEST) -> BinaryIO:
    """The same; OSError also when it has more bytes than a file that is read as a whole."""
    file = open_file(path)
    if os.fstat(file.fileno()).st_size > largest:
        file.close()
        raise OSError(errno.EFBIG, f"it is larger than {largest >> 20} MiB", str(path))
    return file


def read_file(path: Path, largest: int = LARGEST) -> bytes:
    """The content of a regular file of at most so many bytes. Raises OSError."""
    with open_whole(path, largest) as file:
        content = file.read(largest + 1)
    if len(content) > largest:  # it grew meanwhile
        raise OSError(errno.EFBIG, f"it is larger than {largest >> 20} MiB", str(path))
    return content


Pairs = List[Tuple[str, Any]]
_DECODER = json.JSONDecoder()


def read_json(text: str, pairs: Optional[Callable[[Pairs], Dict[str, Any]]] = None) -> Any:
    """The value of a JSON text that somebody else wrote. Raises ValueError.

    Refused is also what JSON allows and what would end this program later: a value that is nested
    too deeply, half a character. `pairs` makes an object of its keys and values.
    """
    try:
        value = _plain(text) if pairs is None else json.loads(text, object_pairs_hook=pairs)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    # each level has a bracket: most texts have too few of them, and need no closer look
    if text.count("[") + text.count("{") > DEEPEST and _depth(value) > DEEPEST:
        raise ValueError(f"nested more than {DEEPEST} deep")
    try:
        text.encode("utf-8")
        # a plain search first: most texts have nothing of the kind, and an expression is slow
        if "\\u" in text and _HALF.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("half a character (a lone surrogate)") from None
    return value


def _plain(text: str) -> Any:
    """As `json.loads` has it: that looks for blanks around the value by an expression."""
    if text[:1] == "{" and text[-1:] == "}":
        value, end = _DECODER.raw_decode(text)
        if end == len(text):
            return value
    return json.loads(text)


def _depth(value: Any) -> int:
    """How many lists and objects stand within each other; counted to one more than is allowed."""
    depth, level = 0, [value]
    while depth <= DEEPEST:
        level = [one for one in level if isinstance(one, (dict, list))]
        if not level:
            break
        depth += 1
        level = [item for one in level for item in (one.values() if isinstance(one, dict) else one)]
    return depth


def canonical(value: Any) -> bytes:
    """The one way in which a manifest, or a list of files, is written down."""
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)
    return text.encode("utf-8") + b"\n"


def listing(files: Files) -> str:
    """The hash of a list of files: what a `sealed` line has of it."""
    return digest(canonical(files))


def files_below(directory: Path, listed: Optional[Files] = None) -> Files:
    """Every file but manifest and signature: name, size in bytes, SHA-256. Raises OSError, Wrong.

    A file that is none of `listed`, or has another size there, is not read: it has no SHA-256.
    """
    found: Files = {}
    for name in names_below(directory):
        path = directory / name
        found[name] = facts(path) if listed is None else _facts_of(path, listed.get(name) or {})
    return found


def names_below(directory: Path) -> List[str]:
    """Those of every file but manifest and signature. Raises OSError, Wrong."""
    found = []  # type: List[str]
    for place, folders, names in os.walk(str(directory), onerror=_raise):
        other = [Path(place) / name for name in folders]
        other = [path for path in other if path.is_symlink() or _is_kept_or_apart(path, directory)]
        for path in sorted([*other, *(Path(place) / name for name in names)]):
            name = path.relative_to(directory).as_posix()
            if path.is_symlink() or not path.is_file():
                raise Wrong(f"{name}: not a file; a run leaves files only")
            if not _is_text(name):
                raise Wrong(f"{name!r}: no name that a run gives; it is not UTF-8")
            if name not in APART:
                found.append(name)
    return found


def _is_kept_or_apart(path: Path, directory: Path) -> bool:
    name = path.relative_to(directory).as_posix()
    return name in APART or KEPT.match(name) is not None


def _raise(error: OSError) -> None:
    """A folder that can't be listed is not an empty one."""
    raise error


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _facts_of(path: Path, expected: Dict[str, Any]) -> Dict[str, Any]:
    """The same; of a file of another size than expected the size alone, however large it is."""
    size = path.stat().st_size
    return facts(path) if size == expected.get("size") else {"size": size}


def is_as_cited(path: Path, sha256: Any, size: Any = None) -> bool:
    """Whether the file is the one that a journal tells of; `size` when that is on record."""
    is_told, now = type(size) is int, path.stat().st_size
    if now != size if is_told else now > LARGEST:
        return False
    return bool(facts(path)["sha256"] == sha256)


def facts(path: Path) -> Dict[str, Any]:
    """Size in bytes and SHA-256 of a file. Raises OSError."""
    sha256, size = hashlib.sha256(), 0
    with open_file(path) as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            sha256.update(part)
            size += len(part)
    return {"size": size, "sha256": sha256.hexdigest()}


# what journals cite


class Cited(NamedTuple):
    """An output that a line of a journal cites."""

    name: str
    """Of the file, without directories."""
    size: Any
    """In bytes, when it is on record."""
    sha256: str


def cited_by(event: Dict[str, Any]) -> List[Cited]:
    """The files that an event cites. Raises Wrong for a place where no run writes."""
    found = []
    for field in _CITING:
        output = event.get(field)
        if not isinstance(output, dict) or "file" not in output:
            continue
        match = _OUTPUT.match(str(output["file"]))
        if match is None:
            raise Wrong("event {}: no output of a run: {}".format(event.get("seq"), output["file"]))
        found.append(Cited(match.group(1), output.get("size"), str(output.get("sha256"))))
    return found


def place_of(name: str, run: str, own: str) -> str:
    """Where an output of `run` lies in the directory of the run `own`."""
    return "{}/{}".format(OUTPUTS, name if run == own else "{}/{}".format(run, name))


def not_fetched(events: List[Dict[str, Any]]) -> Dict[str, Dict[str, str]]:
    """Earlier run -> its outputs that could not be fetched -> why; by the events of the last run.

    Runs of which nothing is said are not in it.
    """
    found = {}  # type: Dict[str, Dict[str, str]]
    for event in events:
        if event.get("event") == FETCHED:
            found[str(event["of"])] = {
                str(name): str(group["why"])
                for group in event["missing"]
                for name in group["files"]
            }
    return found


# the chain


def read_chain(raw: bytes, name: str, last: Optional[str] = None) -> Chain:
    """The events of a journal whose lines follow each other. Raises Wrong for the first that
    does not. `last`: the hash that its last line has to have, when that is known."""
    _check_size(raw, name)
    texts = raw.split(b"\n")
    rest = texts.pop()
    events = []  # type: List[Dict[str, Any]]
    previous = GENESIS
    for number, text in enumerate(texts, start=1):
        event = _shaped(text, f"{name}: line {number}")
        follows = event.get("prev") == previous
        if event.get("seq") != number:
            raise Wrong(_out_of_order(name, texts, number, event.get("seq"), follows))
        if not follows:
            raise Wrong(_broken(name, texts, number, last))
        previous = digest(text)
        events.append(event)
    _check_whole(events, name)
    heads = [str(event["prev"]) for event in events[1:]] + [previous]
    return Chain(events, previous, bool(rest), len(events), lambda: heads if events else ())


def chain_of(path: Path, name: str, last: Optional[str] = None) -> Chain:
    """The same of a file. Raises Wrong, OSError."""
    chain = _read_by_line(path)
    # what is wrong, if anything is, is told by the lines around it
    return chain if chain is not None else read_chain(read_file(path), name, last)


def _read_by_line(path: Path) -> Optional[Chain]:
    """A journal's file, of which no more than its telling events are in memory at a time.

    None: something is not as it has to be. Raises OSError.
    """
    events = []  # type: List[Dict[str, Any]]
    before = {}  # type: Dict[str, Any]
    previous, number, is_whole = GENESIS, 0, True
    end = None  # type: Optional[str]
    with open_whole(path) as file:
        for line in file:
            text = line[:-1]
            if len(line) > LONGEST or number == MOST_LINES:
                return None
            if not line.endswith(b"\n"):
                is_whole = False
                break
            number += 1
            try:
                event = _shaped(text, "")
            except Wrong:
                return None
            if event.get("seq") != number or event.get("prev") != previous:
                return None
            previous = digest(text)
            if not _follows_end(event, end):
                return None
            end = _end_after(event, end)
            if str(event.get("time"))[:19] < str(before.get("time"))[:19] and before:
                _keep(before, events)
                events.append(event)
            elif not _is_answer(event, before, text):
                events.append(event)
            before = event
    _keep(before, events)
    if not all(_RUN.match(run) for run in {e.get("run") for e in events} if run is not None):
        return None
    return Chain(events, previous, not is_whole, number, lambda: _heads(path, number))


def _keep(event: Dict[str, Any], events: List[Dict[str, Any]]) -> None:
    if event and (not events or events[-1] is not event):
        events.append(event)


def _is_answer(event: Dict[str, Any], before: Dict[str, Any], text: bytes) -> bool:
    """An answer that tells of no file, of the run that the line before is of."""
    return (
        event.get("event") == "observation"
        and event.get("run") == before.get("run")
        and not any(name in event for name in ("attempt", "key"))
        and not any(isinstance(event.get(n), dict) and "file" in event[n] for n in _CITING)
        and not any(place in text for place in _QUOTED)
    )


def _heads(path: Path, lines: int) -> Iterable[str]:
    with open_whole(path) as file:
        for line in itertools.islice(file, lines):
            yield digest(line[:-1])


def heads_at(chain: Chain, lines: Iterable[Any]) -> Dict[int, str]:
    """The hashes of these lines by their numbers; of such as the journal does not have none."""
    wanted = {line for line in lines if type(line) is int}
    if not chain.head or not wanted:
        return {}
    found = {chain.lines: chain.head}
    if wanted != {chain.lines}:
        numbered = enumerate(itertools.islice(chain.heads(), max(wanted)), start=1)
        found.update((number, head) for number, head in numbered if number in wanted)
    return found


def _check_size(raw: bytes, name: str) -> None:
    """What is split into lines takes many times its room. Raises Wrong."""
    if raw.count(b"\n") > MOST_LINES:
        raise Wrong(f"{name}: it has more than {MOST_LINES} lines, which no run writes")
    at = 0
    while len(raw) - at > LONGEST:
        end = raw.rfind(b"\n", at, at + LONGEST) + 1
        if not end:
            raise Wrong(f"{name}: a line of it is longer than {LONGEST >> 20} MiB")
        at = end


def _check_whole(events: List[Dict[str, Any]], name: str) -> None:
    """What holds of a journal however its run ended. Raises Wrong."""
    for run in {event.get("run") for event in events}:
        if run is not None and not _RUN.match(run):
            raise Wrong(f"{name} was altered: {run!r} is no name of a run")
    end = None  # type: Optional[str]
    last = 0
    for number, event in enumerate(events, start=1):
        kind = event.get("event")
        if not _follows_end(event, end):
            if end == SEALED:
                raise Wrong(f"{name} was altered: lines were added behind its seal")
            raise Wrong(
                f"{name}: line {number} was added: {kind}, and line {last} says that the"
                " run had ended"
            )
        if _end_after(event, end) is not None and kind in _ENDS:
            last = number
        end = _end_after(event, end)


_ENDS = (ENDED_RUN, SEALED, "stopped")
"""Its own last words may stop a run: it tells its end again then."""


def _follows_end(event: Dict[str, Any], end: Optional[str]) -> bool:
    """Whether a run writes this event behind such an end; None: it has told none yet."""
    kind = event.get("event")
    return end is None or not (end == SEALED or kind in OF_STEPS or kind == end == ENDED_RUN)


def _end_after(event: Dict[str, Any], end: Optional[str]) -> Optional[str]:
    """The run's last word as it is behind this event."""
    kind = event.get("event")
    return kind if kind in _ENDS and (end is not None or kind != "stopped") else end


def _shaped(text: bytes, where: str) -> Dict[str, Any]:
    """An event; what tells whose it is is a text, or is not there. Raises Wrong."""
    event = _event(text, where)
    if not _TEXTS.issuperset(map(type, map(event.get, _NAMING))):
        wrong = next(name for name in _NAMING if type(event.get(name)) not in _TEXTS)
        raise Wrong(f"{where} was altered: its {wrong} is no text")
    if event.get("event") == LOCK_TAKEN and not _is_number(event.get("generation", 1)):
        raise Wrong(f"{where} was altered: its generation is no number")
    return event


def _is_number(value: Any) -> bool:
    """As a count is one."""
    return type(value) is int and 0 < value < 1 << 53


def _event(text: bytes, where: str) -> Dict[str, Any]:
    try:
        event = read_json(text.decode("utf-8"))
    except ValueError:
        raise Wrong(f"{where} was altered: it is no JSON that a run writes") from None
    if not isinstance(event, dict):
        raise Wrong(f"{where} was altered: it is no event")
    return event


def _parsed(text: bytes) -> Optional[Dict[str, Any]]:
    """The event of a line; None when it has none."""
    try:
        event = read_json(text.decode("utf-8"))
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def _out_of_order(name: str, texts: List[bytes], number: int, sequence: Any, follows: bool) -> str:
    if follows or not isinstance(sequence, int):
        return f"{name}: line {number} was altered: it says that it is event {sequence!r}"
    if sequence < number:
        return f"{name}: a line was added: line {number} is event {sequence} again"
    if any((_parsed(text) or {}).get("seq") == number for text in texts[number:]):
        return f"{name}: lines were reordered: event {sequence} stands in line {number}"
    missing = f"line {number} is"
    if sequence - number > 1:
        missing = f"lines {number} to {sequence - 1} are"
    return f"{name}: {missing} missing"


def _broken(name: str, texts: List[bytes], number: int, last: Optional[str]) -> str:
    """Line `number` does not have the hash of the line before it: which of the two was altered?"""
    mine = digest(texts[number - 1])
    after = last
    if number < len(texts):
        after = (_parsed(texts[number]) or {}).get("prev")
    altered = number - 1 if after == mine and number > 1 else number
    if after is None and number > 1:
        return f"{name}: line {number - 1} or {number} was altered"
    return f"{name}: line {altered} was altered"


def read_earlier(raw: bytes, name: str) -> Chain:
    """The same of a journal as N hands it over. Raises Wrong.

    Lines that were handed to N twice count once. One of a runbook without chains has no head.
    """
    _check_size(raw, name)
    once = list(dict.fromkeys(line for line in raw.split(b"\n") if line.strip()))
    torn = bool(once) and _parsed(once[-1]) is None
    if torn:
        once.pop()
    if once and "prev" not in _event(once[0], f"{name}: line 1"):
        events = [_shaped(line, name) for line in once]
        _check_whole(events, name)
        heads = [str(event["prev"]) for event in events if event.get("prev")]
        return Chain(events, "", torn, len(events), lambda: heads)
    return read_chain(b"".join(line + b"\n" for line in once), name)


def earlier_of(path: Path, name: str) -> Chain:
    """The same of its file. Raises Wrong, OSError."""
    chain = _read_by_line(path)
    if chain is None or chain.torn or not chain.lines:
        return read_earlier(read_file(path), name)
    return chain


def heads_read(events: Iterable[Dict[str, Any]]) -> Dict[str, str]:
    """Earlier run -> the head of its journal, as the run of these events had read it last."""
    found = {}  # type: Dict[str, str]
    for event in events:
        read = event.get("journals")
        if event.get("event") == "position" and isinstance(read, dict):
            found = {str(run): str(head) for run, head in read.items() if head}
    return found


def has_had(chain: Chain, head: str) -> bool:
    """Whether the journal has, or once had, this head: lines come to it only at its end."""
    return head in (GENESIS, chain.head) or head in chain.heads()


def check_put(journals: Dict[str, Chain], own: List[Dict[str, Any]]) -> None:
    """Each earlier journal is one that the run of these events had put there, and nothing came to
    it since. Raises Wrong. Of a run of an older runbook only what it says of heads is known."""
    told = {}  # type: Dict[str, Set[str]]
    kinds = set()  # type: Set[str]
    for event in own:
        read = event.get("journals")
        if event.get("event") in (JOURNALS_READ, "position") and isinstance(read, dict):
            kinds.add(str(event["event"]))
            for run, head in read.items():
                told.setdefault(str(run), set()).add(str(head))
    for shown, chain in journals.items():
        heads = told.get(Path(shown).stem) if shown.endswith(".jsonl") else None
        if JOURNALS_READ in kinds and heads is not None and chain.head not in heads:
            raise Wrong(f"{shown} was altered: {JOURNAL} has another head of it")
        if heads is None and (JOURNALS_READ in kinds or ("position" in kinds and chain.head)):
            raise Wrong(f"{shown} was added: by {JOURNAL} its run has not read it")


# outside witnesses


def check_witnessed(chain: Chain, name: str) -> None:
    """The heads that a run gave to others are those of its lines. Raises Wrong."""
    given = [event for event in chain.events if event.get("event") == WITNESSED]
    heads = heads_at(chain, (event.get("line") for event in given))
    for event in given if chain.head else ():
        line, head = event.get("line"), event.get("head")
        if type(line) is not int or head is None or heads.get(line) != head:
            raise Wrong(
                "{}: line {} was altered: by line {} others were given another hash of it".format(
                    name, line, event.get("seq")
                )
            )


def check_witness(path: Path, journals: Dict[str, Chain]) -> List[str]:
    """What a node's system journal proves of these journals, a sentence each; that it knows of
    further runs of the attempt is one. Raises Wrong, OSError.

    `path`: its text, whatever the form in which `journalctl` printed it.
    """
    by_run = {str(chain.events[0].get("run")): n for n, chain in journals.items() if chain.events}
    attempts = attempts_of(journals[JOURNAL].events)
    agree = []  # type: List[str]
    hosts = []  # type: List[str]
    others = {}  # type: Dict[str, str]
    matches = list(_WITNESS.finditer(read_file(path).decode("utf-8", "replace")))
    lines = {}  # type: Dict[str, Set[int]]
    for match in matches:
        lines.setdefault(by_run.get(match.group("run"), ""), set()).add(int(match.group("line")))
    heads = {name: heads_at(chain, lines.get(name, ())) for name, chain in journals.items()}
    for match in matches:
        name = by_run.get(match.group("run"))
        if name is None:
            if match.group("attempt") in attempts:
                others[match.group("run")] = "{moment}, line {line}".format(**match.groupdict())
            continue
        chain, line = journals[name], int(match.group("line"))
        if name != JOURNAL and (not chain.head or line > chain.lines):
            continue  # N may have been handed only its beginning
        if heads[name].get(line) != match.group("head"):
            raise Wrong(
                "{}: line {} is not the one that {} has ({}, sha256 {})".format(
                    name, line, path.name, match.group("moment"), match.group("head")
                )
            )
        agree.append("line {} of {} ({})".format(line, name, match.group("moment")))
        hosts.append(match.group("host") or "a node")
    if not any(f"of {JOURNAL} " in text for text in agree):
        own = journals[JOURNAL].events[0].get("run")
        raise Wrong(f"{path.name} has no line about this run, {own}")
    said = "{} is as the system journal of {} has it ({})".format(
        ", ".join(dict.fromkeys(agree)), ", ".join(dict.fromkeys(hosts)), path.name
    )
    lacking = f"missing: {path.name} has a run of this attempt of which no journal is here"
    return [said] + [f"{lacking}: {run} ({seen})" for run, seen in others.items()]


def attempts_of(events: Iterable[Dict[str, Any]]) -> Set[str]:
    """The attempts that a run was part of, by its own word."""
    kinds = ("position", "attempt-opened")
    return {str(e["attempt"]) for e in events if e.get("event") in kinds and e.get("attempt")}


# time stamps


class Stamp(NamedTuple):
    """A time stamp of RFC 3161."""

    time: str
    """UTC, as `2026-11-30 01:12:33 UTC`."""
    by: str
    """The authority as it names itself; empty: it does not."""


def stamp_of(path: Path, sha256: str, ca: Optional[Path] = None) -> Stamp:
    """What the reply of an authority in this file says of a hash.

    `ca`: certificates that are trusted. Without them it is only read: anybody may have made it.
    Raises Wrong, and OSError without openssl.
    """
    if bytes.fromhex(sha256) not in read_file(path, LARGEST_REPLY):
        raise Wrong("it is no time stamp of that hash")
    told = openssl(["-reply", "-in", str(path), "-text"])
    # what stands before is the reply's own text, which nobody has signed
    head, _, text = told.stdout.decode("utf-8", "replace").rpartition("TST info:")
    found = _STAMPED.search(text)
    if (
        told.returncode != 0
        or found is None
        or found.group(1) not in _MONTHS
        or not re.search("^Status: Granted", head, re.M)
    ):
        raise Wrong(f"it is no time stamp that openssl can read: {_errors(told)}")
    time = _moment_of(*found.groups())
    if ca is not None:
        # certificates of an authority end, and what they have stamped stays
        then = str(calendar.timegm(time.timetuple()))
        words = ["-verify", "-digest", sha256, "-in", str(path), "-CAfile", str(ca)]
        done = openssl([*words, "-attime", then])
        if done.returncode != 0 or b"Verification: OK" not in done.stdout:
            raise Wrong(f"{ca.name} does not vouch for it: {_errors(done)}")
    by = re.search(r"^TSA: (?:DirName:)?/?(.+)$", text, re.M)
    name = by.group(1) if by else ""
    return Stamp(f"{time:%Y-%m-%d %H:%M:%S} UTC", "" if name == "unspecified" else name)


def _moment_of(month: str, day: str, clock: str, year: str) -> datetime:
    """As openssl prints it, which is in English everywhere; Python reads months by the locale."""
    number = _MONTHS.index(month) // 3 + 1
    return datetime.strptime(f"{year} {number} {day} {clock}", "%Y %m %d %H:%M:%S")


def openssl(words: List[str]) -> "subprocess.CompletedProcess[bytes]":
    """Ask `openssl ts`. OSError without one."""
    try:
        return subprocess.run(
            ["openssl", "ts", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(os.environ, LC_ALL="C"),
            timeout=DEADLINE,
            check=False,
        )
    except FileNotFoundError:
        raise OSError("there is no openssl on this machine: time stamps take it") from None
    except subprocess.TimeoutExpired:
        raise OSError(f"openssl gave no answer within {DEADLINE} seconds") from None


def _errors(done: "subprocess.CompletedProcess[bytes]") -> str:
    """What openssl says is wrong first: CODE:error:CODE:LIBRARY:FUNCTION:REASON:FILE:LINE:DATA."""
    for line in done.stderr.decode("utf-8", "replace").split("\n"):
        parts = line.partition(":error:")[2].split(":")
        if len(parts) > 5:
            return ": ".join(filter(None, (parts[3], ":".join(parts[6:]).strip())))[:200]
    return f"exit code {done.returncode}"


def stamps_in(chain: Chain) -> List[Dict[str, Any]]:
    """The events of heads that an authority has stamped."""
    return [
        event
        for event in chain.events
        if event.get("event") == WITNESSED and isinstance(event.get("stamp"), dict)
        if event["stamp"].get("file")
    ]


def check_stamps(path: Path, chain: Chain, ca: Optional[Path]) -> List[str]:
    """What the time stamps in a run's directory say, a sentence each. Raises Wrong, OSError."""
    told = []  # type: List[str]
    for event in stamps_in(chain):
        name, line = str(event["stamp"]["file"]), event["line"]
        if not _STAMP_FILE.match(name) or not (path / name).is_file():
            raise Wrong(f"{name} is missing: {JOURNAL} has it for line {line}")
        sha256 = event["stamp"].get("sha256")
        if (path / name).stat().st_size > LARGEST_REPLY or not is_as_cited(path / name, sha256):
            raise Wrong(f"{name} was altered: {JOURNAL} has another one for line {line}")
        if ca is None:
            said = "{} of line {} says {}: --timestamp-ca tells whether that is so"
            told.append(said.format(name, line, event["stamp"].get("time")))
            continue
        try:
            stamp = stamp_of(path / name, str(event["head"]), ca)
        except Wrong as wrong:
            raise Wrong(f"{name}: {wrong}") from None
        if event["stamp"].get("time") != stamp.time:
            raise Wrong(
                "{} is of {}, and by line {} of {} it is of {}".format(
                    name, stamp.time, event.get("seq"), JOURNAL, event["stamp"].get("time")
                )
            )
        by = f" of {stamp.by}" if stamp.by else ""
        said = f"the journal up to line {line} existed at {stamp.time} by the time stamp{by}"
        told.append(f"{said} ({name})")
        away = _seconds_away(event, stamp)
        if away > APART_AT_MOST:
            told.append(
                f"{name} is {away:.0f} s away from the time of its line, {event.get('time')}: the"
                " clock of the run's machine was wrong, or the line was not written then"
            )
    if ca is not None and not told:
        raise Wrong("no line of the journal has a time stamp")
    return told


def _seconds_away(event: Dict[str, Any], stamp: Stamp) -> float:
    own = _moment(event)
    given = datetime.strptime(stamp.time, "%Y-%m-%d %H:%M:%S UTC")
    return abs((own - given).total_seconds()) if own else 0.0


# the times


def set_back(runs: Iterable[List[Dict[str, Any]]]) -> List[str]:
    """Where a time on record is earlier than one before it, a sentence each.

    `runs` are the events of each run, in the order in which the runs had the cluster.
    """
    told = []  # type: List[str]
    former = None  # type: Optional[Dict[str, Any]]
    for events in filter(None, runs):
        for number in range(1, len(events)):
            one, other = events[number - 1 : number + 1]
            back = _seconds_back(one, other)
            if back:
                told.append(
                    "run {}: line {} is of {}, {:.1f} s before line {}: the clock of its machine"
                    " was set back".format(
                        other.get("run"), other.get("seq"), other.get("time"), back, one.get("seq")
                    )
                )
        # it looks before that, maybe while the other one ends
        begun = next((e for e in events if e.get("event") == "lock-taken"), events[0])
        back = _seconds_back(former, begun) if former else 0
        if former and back:
            told.append(
                "run {} took the cluster at {}, {:.0f} s before run {} ended ({}): the clocks of"
                " their machines differ, one was set back, or both worked at the same time".format(
                    begun.get("run"), begun.get("time"), back, former.get("run"), former.get("time")
                )
            )
        former = next((e for e in events if e.get("event") == "run-ended"), events[-1])
    return told


def _seconds_back(one: Dict[str, Any], other: Dict[str, Any]) -> float:
    """By how much `other`, which came after `one`, is of an earlier time; 0: by nothing to tell."""
    if str(one.get("time"))[:19] <= str(other.get("time"))[:19]:
        return 0.0  # told by the seconds as they are written; to read each time takes longest
    before, after = _moment(one), _moment(other)
    if before is None or after is None or before - after <= SLACK:
        return 0.0
    return (before - after).total_seconds()


def _moment(event: Dict[str, Any]) -> Optional[datetime]:
    for form in ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            return datetime.strptime(str(event.get("time")), form)
        except ValueError:
            continue
    return None


def _generation(chain: Chain) -> int:
    """Of the cluster's lock that a run took; a journal without one goes before those with one."""
    return max(generations_of(chain.events), default=0)


# runs of which no journal is there

LOCK_TAKEN = "lock-taken"
"""The event that a run holds the cluster. Each one that may change something does, with a
generation of its own, one more than the one before."""


class Missing(NamedTuple):
    """A run that had the cluster's lock and of which no journal is there, or several."""

    first: int
    """Generation of the lock."""
    last: int
    holder: Dict[str, str]
    """Its run, who, host, since, as N had noted them; empty: nobody has noted these."""

    def __str__(self) -> str:
        which = f"generation {self.first} of the cluster's lock"
        if self.last > self.first:
            which = f"generations {self.first} to {self.last} of the cluster's lock"
        if not self.holder:
            return f"{which}: no journal, and nobody noted who had taken it"
        whose = ", ".join(f"{key} {value}" for key, value in sorted(self.holder.items()))
        return (
            f"{which}: taken by a run of which there is no journal ({whose}); N never had a line of"
            " it, and without its intent there no change is made"
        )


def generations_of(events: Iterable[Mapping[str, Any]]) -> Dict[int, str]:
    """Generation of the lock -> the run that took it."""
    return {
        event["generation"]: str(event.get("run"))
        for event in events
        if event.get("event") == LOCK_TAKEN and isinstance(event.get("generation"), int)
    }


def until_closed(events: Sequence[Mapping[str, Any]]) -> Optional[int]:
    """The generation of the run that closed the attempt: runs after it are none of it, and leave
    no journal there. None: it is open."""
    closing = {str(e.get("run")) for e in events if e.get("event") == "attempt-closed"}
    found = [number for number, run in generations_of(events).items() if run in closing]
    return max(found) if found else (0 if closing else None)


def lacking(
    there: Iterable[int], noted: Dict[int, Dict[str, str]], last: Optional[int] = None
) -> List[Missing]:
    """What is missing between the generations `there`; `noted`: those of whom N tells only that
    they had the lock. None after `last` counts."""
    have = set(there)
    known = sorted(number for number in have | set(noted) if last is None or number <= last)
    found = []  # type: List[Missing]
    following = known[0] if known else 0
    for number in known:
        if number > following:
            found.append(Missing(following, number - 1, {}))
        if number not in have:
            found.append(Missing(number, number, noted[number]))
        following = number + 1
    return found


def told_missing(events: Iterable[Mapping[str, Any]]) -> List[Missing]:
    """Those that the run of these events has told of, by its last word. Raises Wrong."""
    told = []  # type: Any
    for event in events:
        if event.get("event") == "position":
            told = event.get("missing") or []
    try:
        found = [Missing(one["first"], one["last"], dict(one.get("holder") or {})) for one in told]
        if all(_is_written(one) for one in found):
            return found
        raise ValueError
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Wrong(f"{JOURNAL}: a position tells of missing runs as no run writes it") from None


def _is_written(one: Missing) -> bool:
    numbers = type(one.first) is int and type(one.last) is int
    return numbers and all(isinstance(text, str) for pair in one.holder.items() for text in pair)


def opener_missing(own: Sequence[Mapping[str, Any]], earlier: Sequence[Mapping[str, Any]]) -> str:
    """The run that opened the attempt, when no journal of it is there; else empty. A follow-up
    goes by the directory of the run that it follows up."""
    if own[0].get("follows"):
        return ""
    attempts = [event.get("attempt") for event in own if event.get("event") == "position"]
    opened = str(attempts[-1] or "") if attempts else ""
    return "" if opened in [str(event.get("run")) for event in [*own, *earlier]] else opened


def missing_in(
    own: Sequence[Mapping[str, Any]], earlier: Sequence[Mapping[str, Any]]
) -> List[Missing]:
    """The runs of the attempt that neither its own journal nor those of earlier ones explain.

    Raises Wrong.
    """
    told = told_missing(own)
    noted = {one.first: one.holder for one in told if one.holder}
    last = until_closed(earlier)
    there = generations_of([*earlier, *own] if last is None and earlier else earlier)
    found = lacking(there, {n: holder for n, holder in noted.items() if n not in there}, last)
    return found + [one for one in told if not one.holder and one not in found]


# the directory


def kept_as(number: int) -> str:
    """The name of a kept manifest, the oldest one is 1; that of its signature ends with `.sig`."""
    return f"manifest.{number}.json"


def read_manifest(path: Path) -> Optional[Dict[str, Any]]:
    """A manifest, written as one is; None: it is not there. Raises Wrong, OSError."""
    name = path.name
    try:
        raw = read_file(path)
    except FileNotFoundError:
        return None
    manifest = _event(raw, name)
    schema = manifest.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise OSError(
            f"{path}: its form is {schema}, and this {COPY} reads {SCHEMA};"
            f" take the {COPY} of the runbook that wrote it"
        )
    shape = {"schema", "run", "journal", "rebuilt", "replaced", "files"}
    if set(manifest) != shape or not _is_written_as(manifest, raw):
        raise Wrong(f"{name} was altered: it is not written as a run writes it")
    if not isinstance(manifest["journal"], dict) or not _are_files(manifest["files"]):
        raise Wrong(f"{name} was altered: it has no list of files")
    if set(manifest["journal"]) != {"lines", "head"} or not _are_files(manifest["replaced"]):
        raise Wrong(f"{name} was altered")
    if type(schema) is not int:
        raise Wrong(f"{name} was altered: its schema is no number")
    if manifest["rebuilt"] is not None and not _TIME.match(str(manifest["rebuilt"])):
        raise Wrong(f"{name} was altered: it does not say when reports were made anew")
    return manifest


def form_of(files: Files) -> int:
    """The form of a manifest with this list."""
    return SCHEMA if any(KEPT.match(name) for name in files) else 1


def sealed_by(manifest: Dict[str, Any]) -> Files:
    """The list of files as the run sealed it: what was made anew since is as it was then."""
    replaced = manifest["replaced"]
    kept = {
        name: seen
        for name, seen in manifest["files"].items()
        if name != JOURNAL and name not in replaced and not KEPT.match(name)
    }
    return {**kept, **{name: seen for name, seen in replaced.items() if seen}}


class Signature(NamedTuple):
    """What is known of the signature of one manifest."""

    manifest: str
    """Its name."""
    rebuilt: Optional[str]
    """When reports were made anew with it; None: it is the run's own."""
    by: str
    """Name and key of who signed, by the signers that were given; empty: not told by them."""
    told: str
    """All of it, in words."""


class Directory:
    """One run's directory, as it is now. Raises OSError, Wrong."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._look_for_a_run()
        self.manifest = read_manifest(path / MANIFEST)
        promised = self.manifest["journal"]["head"] if self.manifest else None
        self.chain = chain_of(path / JOURNAL, JOURNAL, promised)
        if not self.chain.events:
            raise Wrong(f"{JOURNAL}: there is no whole line in it")
        events = self.chain.events
        self.telling = events[:1] + [e for e in events[1:] if e.get("event") in _TELLING]
        """The events of its own journal that others are held to."""
        self.notes: List[str] = []
        self.journals: Dict[str, Chain] = {}
        """By name, those of earlier runs first; known when they were checked."""
        self.has_own = True
        """The run's own signature is here, or it had none."""
        self.is_whole = True
        """No run of the attempt is missing without a word on N that explains it."""

    def _look_for_a_run(self) -> None:
        """OSError where there never was one: a wrong path is not taken for a lost journal."""
        if not self.path.is_dir():
            why = "not a directory" if self.path.exists() else "no such directory"
            raise OSError(f"{self.path}: {why}; a run's directory is reports/RUN")
        journal = self.path / JOURNAL
        if journal.exists() and not journal.is_dir():
            return  # what is no file is told when it is read
        if any((self.path / name).exists() for name in (*APART, *REMADE, EARLIER, OUTPUTS)):
            raise Wrong(f"{self.path}: there is no {JOURNAL} in it")
        raise OSError(f"{self.path}: nothing of a run is in it; a run's directory is reports/RUN")

    @property
    def run(self) -> str:
        """The run whose directory it is."""
        return str(self.chain.events[0].get("run"))

    @property
    def seal(self) -> Optional[Dict[str, Any]]:
        """The last line of a run that came to its end."""
        last = self.chain.events[-1]
        return last if last.get("event") == SEALED else None

    @property
    def rebuilt(self) -> Optional[str]:
        """When reports were made after the run; None: they are the run's own."""
        rebuilt = self.manifest["rebuilt"] if self.manifest else None
        return None if rebuilt is None else str(rebuilt)

    @property
    def key(self) -> str:
        """The key with which the run itself signed, by its seal; empty: with none."""
        return str(self.seal.get("key") or "") if self.seal else ""

    def check(self, but: Iterable[str] = ()) -> None:
        """Journal, manifest and files agree, whatever the files `but` are by now. Raises Wrong."""
        earlier = self.read_earlier()
        self.notes += [
            f"{shown}: of a runbook without chained journals"
            for shown, chain in earlier.items()
            if not chain.head
        ]
        if self.manifest is not None:
            self.check_journal()
            self._check_files(self.manifest, set(but))
            self._check_seal(MANIFEST, self.manifest)
            self._note_seal(self.manifest)
        elif self.seal is not None:
            raise Wrong(f"{MANIFEST} is missing: the run had sealed its directory")
        else:
            self.notes.append(f"{self.how_it_ended()}, so nothing lists its files")
        if self.seal is None:
            self._note_untold(earlier)
        if self.chain.torn:
            self.notes.append(f"{JOURNAL}: its last line was cut off while it was written")
        self._check_kept(set(but))
        self._check_citations(earlier)
        self._look_at_clocks(earlier)
        self._look_for_missing_runs(earlier)

    def how_it_ended(self) -> str:
        """Of a run without a seal, in words."""
        if not self.has_ended:
            return "the run did not come to its end"
        return (
            "the run had ended, and its seal is not here: it was killed while it wrote its reports,"
            " its disk was full, or somebody took the seal away"
        )

    @property
    def has_ended(self) -> bool:
        """It told how it ended; what it left may still have been without a seal."""
        return any(event.get("event") == ENDED_RUN for event in self.telling)

    def untold_files(self, earlier: Dict[str, Chain]) -> List[str]:
        """The files of a run without a seal of which no line of a journal tells. Raises Wrong."""
        told = {JOURNAL, LIVE, *earlier}
        if self.has_ended or self.manifest is not None:
            is_plan = self.telling[0].get("mode") == "plan"
            ends = [event for event in self.telling if event.get("event") == ENDED_RUN]
            is_done = bool(ends) and ends[-1].get("exit_code") == 0 and not is_plan
            unmade = {*(() if is_plan else (PLAN,)), *(() if is_done else HANDOVER)}
            told |= {*REMADE} - unmade
        there = [
            name
            for name in names_below(self.path)
            if name not in told and not KEPT.match(name) and not _is_part(name)
        ]
        if not there:
            return []  # to go through all that is in the events takes a while
        own = self.run
        for event in [event for chain in [self.chain, *earlier.values()] for event in chain.events]:
            for place in _told_in(event):
                kind, _, name = place.rpartition("/")
                told.add(place_of(name, str(event.get("run")), own) if kind == OUTPUTS else place)
        return [name for name in there if name not in told]

    def _note_untold(self, earlier: Dict[str, Chain]) -> None:
        untold = self.untold_files(earlier)
        if untold:
            names = ", ".join(untold[:_SHOWN]) + (", ..." if len(untold) > _SHOWN else "")
            self.notes.append(
                f"no line of a journal tells of {names}: written when the run was killed, or put"
                " there since"
            )

    def _look_at_clocks(self, earlier: Dict[str, Chain]) -> None:
        """Notes only: whoever sets a clock alters no evidence."""
        in_order = sorted(earlier, key=lambda name: (_generation(earlier[name]), name))
        told = set_back([*(earlier[name].events for name in in_order), self.chain.events])
        self.notes += told[:_SHOWN]

    def check_journals(self) -> None:
        """All that reports are made of is as the run left it, whatever the other files are.

        Raises Wrong.
        """
        self.check_journal()
        self.read_earlier()
        if self.manifest is not None:
            place = EARLIER + "/"
            files = self.manifest["files"]
            listed = {name: seen for name, seen in files.items() if name.startswith(place)}
            paths = [path for path in names_below(self.path) if path.startswith(place)]
            _compare(listed, {n: _facts_of(self.path / n, files.get(n) or {}) for n in paths})

    def _look_for_missing_runs(self, earlier: Dict[str, Chain]) -> None:
        """Names the runs that the generations of the lock know of, and no journal here."""
        events = [event for chain in earlier.values() for event in chain.events]
        missing = missing_in(self.telling, events)
        self.notes += [f"missing: {one}" for one in missing]
        lost = opener_missing(self.telling, events)
        if lost and lost not in [one.holder.get("run") for one in missing]:
            self.notes.append(f"missing: the journal of run {lost}, which opened the attempt")
            self.is_whole = False
        self.is_whole = self.is_whole and all(one.holder for one in missing)

    def _check_citations(self, earlier: Dict[str, Chain]) -> None:
        """Every output that a line cites is there, with the hash that the line has of it."""
        own = self.run
        told = _fetched(self.telling)
        wrong = []  # type: List[str]
        for shown, chain in [(JOURNAL, self.chain), *sorted(earlier.items())]:
            lacking = []  # type: List[str]
            for event in chain.events:
                run = str(event.get("run"))
                for cited in _cited(event, shown):
                    place = place_of(cited.name, run, own)
                    if (self.path / place).is_file():
                        if not is_as_cited(self.path / place, cited.sha256, cited.size):
                            wrong.append(f"{place} was altered: {shown} cites another one")
                    elif run != own and cited.name in told.get(run, {}):
                        lacking.append(place)
                    elif run == own or run in told:
                        wrong.append(f"{place} is missing: {shown} cites it")
                    else:
                        lacking.append(place)
            if lacking:
                self.notes.append(_lacking(shown, list(dict.fromkeys(lacking)), told))
        for place, seen in _brought(self.telling).items():
            if not (self.path / place).is_file():
                wrong.append(f"{place} is missing: {JOURNAL} says that it was fetched")
            elif not is_as_cited(self.path / place, *seen):
                wrong.append(f"{place} was altered: {JOURNAL} has another sum of it")
        if wrong:
            raise Wrong("; ".join(list(dict.fromkeys(wrong))[:_SHOWN]))

    def read_earlier(self) -> Dict[str, Chain]:
        """The journals of earlier runs by name. Raises Wrong for one whose lines do not follow
        each other, and for one that the run had read otherwise."""
        found = {}  # type: Dict[str, Chain]
        for path in sorted((self.path / EARLIER).glob("*")):
            shown = f"{EARLIER}/{path.name}"
            if not _PART.match(path.name):
                found[shown] = earlier_of(path, shown)
        own = {event.get("attempt") for event in self.chain.events if event.get("attempt")}
        of_attempt = own | {Path(shown).stem for shown in found}
        for shown, chain in found.items():
            # a run that begins an attempt had read journals of the one before: those lie elsewhere
            mine = [event for event in chain.events if event.get("attempt") in of_attempt]
            _check_read(found, shown, heads_read(mine))
        _check_read(found, JOURNAL, heads_read(self.telling))
        check_put(found, self.telling)
        self.journals = {**found, JOURNAL: self.chain}
        for name, chain in self.journals.items():
            check_witnessed(chain, name)
        return found

    def check_journal(self) -> None:
        """The journal is the one that the manifest has, if there is one. Raises Wrong."""
        manifest = self.manifest
        if manifest is None:
            return
        lines, promised = self.chain.lines, manifest["journal"]["lines"]
        if not _is_number(promised):
            raise Wrong(f"{MANIFEST} was altered: it does not say how many lines {JOURNAL} has")
        if lines > promised:
            raise Wrong(
                f"{JOURNAL}: lines were added at its end: {lines} lines, {promised} in {MANIFEST}"
            )
        if lines < promised:
            raise Wrong(
                f"{JOURNAL}: lines are missing at its end: {lines} lines, {promised} in {MANIFEST}"
            )
        if self.chain.head != manifest["journal"]["head"]:
            raise Wrong(f"{JOURNAL}: its last line was altered, or the head in {MANIFEST}")
        if self.chain.torn and self.seal is not None:
            raise Wrong(f"{JOURNAL}: something was added behind its last line")
        run = self.chain.events[0].get("run")
        if manifest["run"] != run or manifest["schema"] != form_of(manifest["files"]):
            raise Wrong(f"{MANIFEST} was altered: it is not of run {run}")

    def _check_files(self, manifest: Dict[str, Any], but: Set[str]) -> None:
        listed = {n: seen for n, seen in manifest["files"].items() if n not in but}
        there = files_below(self.path, listed)
        _compare(listed, {name: seen for name, seen in there.items() if name not in but})

    def _check_seal(self, name: str, manifest: Dict[str, Any]) -> None:
        """The list is the one that the journal's last line has the hash of."""
        replaced, rebuilt = manifest["replaced"], manifest["rebuilt"]
        if rebuilt is None and replaced:
            raise Wrong(f"{name} was altered: files replaced, and nothing rebuilt")
        if self.seal is None:
            if rebuilt is None:
                raise Wrong(f"{JOURNAL}: its last line, which seals the list, is gone")
            return
        wrong = sorted(set(replaced) - set(REMADE))
        if wrong:
            raise Wrong(f"{name} was altered: {wrong[0]} is nothing that is made anew")
        if listing(sealed_by(manifest)) != self.seal.get("list"):
            raise Wrong(f"{name} was altered: its list is not the one the run sealed")

    def _note_seal(self, manifest: Dict[str, Any]) -> None:
        replaced, rebuilt = manifest["replaced"], manifest["rebuilt"]
        if self.seal is None:
            self.notes.append(
                f"{self.how_it_ended()}; its reports were made from the journal at {rebuilt}"
            )
        elif rebuilt is not None:
            files = manifest["files"]
            groups = (
                ("", [name for name, seen in replaced.items() if seen and name in files]),
                (
                    "the run had left none: ",
                    [n for n, s in replaced.items() if not s and n in files],
                ),
                ("gone: ", [name for name, seen in replaced.items() if seen and name not in files]),
            )
            told = "; ".join(said + ", ".join(sorted(names)) for said, names in groups if names)
            ended = str(self.chain.events[-1].get("time"))
            if str(rebuilt)[:19] < ended[:19]:
                told = f"{told or 'nothing'}; before the run had ended, at {ended}, by its clock"
            self.notes.append(f"made anew from the journal at {rebuilt}: {told or 'nothing'}")

    def kept(self) -> List[str]:
        """The manifests that later ones took the place of, oldest first. Raises Wrong."""
        found = [
            match for match in (KEPT.match(path.name) for path in self.path.iterdir()) if match
        ]
        numbers = sorted(int(match.group(1)) for match in found if not match.group(2))
        names = [kept_as(number) for number in range(1, len(numbers) + 1)]
        for match in found:
            name = kept_as(int(match.group(1)))
            if name not in names:
                lacking = name if match.group(2) else kept_as(len(numbers))
                raise Wrong(f"{lacking} is missing: {match.group(0)} is there")
        return names

    def _check_kept(self, but: Set[str]) -> None:
        """Each kept manifest is of this run, and has the list that the run sealed."""
        now = self.manifest
        for number, name in enumerate(self.kept(), start=1):
            if name in but:
                continue
            manifest = read_manifest(self.path / name)
            if now is None or manifest is None or now["rebuilt"] is None:
                raise Wrong(f"{name} was added: no reports were made after the run")
            if any(manifest[field] != now[field] for field in ("run", "journal")):
                raise Wrong(f"{name} was altered: it is of another journal than {MANIFEST}")
            if manifest["schema"] != form_of(manifest["files"]):
                raise Wrong(f"{name} was altered: its form is {manifest['schema']}")
            if manifest["rebuilt"] is None and number > 1:
                raise Wrong(f"{name} was altered: only {kept_as(1)} can be the run's own")
            kept = sorted(n for n in manifest["files"] if KEPT.match(n) and not n.endswith(".sig"))
            if kept != sorted(kept_as(before) for before in range(1, number)):
                raise Wrong(f"{name} was altered: it does not list each manifest before it")
            _compare(
                {n: seen for n, seen in manifest["files"].items() if KEPT.match(n)},
                {
                    n: facts(self.path / n)
                    for n in manifest["files"]
                    if (self.path / n).is_file() and KEPT.match(n)
                },
            )
            self._check_seal(name, manifest)

    # where it comes from

    def proved_by_head(self, head: str) -> str:
        """What it proves, a sentence. Raises Wrong when it is another one."""
        wanted = head.strip().lower()
        if wanted == self.chain.head:
            said = "the head of its journal is the one that was given"
            if self.seal is None:
                return f"{said}: it proves the journal's lines and the outputs that they cite"
            if self.rebuilt is not None:
                return f"{said}: it proves all that the run sealed, not what was made anew"
            return said
        for number, known in enumerate(itertools.chain([GENESIS], self.chain.heads()), start=1):
            if known == wanted:
                raise Wrong(f"{JOURNAL}: lines were added from line {number} on")
        raise Wrong(
            f"{JOURNAL}: its last line was altered, lines are missing at its end, or all of it was"
            f" written anew: its head is {self.chain.head}, the one that was given is {wanted}"
        )

    def check_signatures(self, allowed: Optional[Path], but: Iterable[str] = ()) -> List[Signature]:
        """Who signed, of each manifest except `but`, the kept ones first; what is there when
        `allowed` is not given. Raises Wrong, OSError.
        """
        names = [*self.kept(), *([MANIFEST] if self.manifest is not None else [])]
        names = [name for name in names if name not in but]
        if self.manifest is None and (self.path / SIGNATURE).is_file():
            raise Wrong(f"{MANIFEST} is missing: there is a signature of it")
        found = [self._signature(name, allowed) for name in names]
        if self.key and self.rebuilt and not any(one.rebuilt is None for one in found):
            self.has_own = False
            self.notes.append(
                f"the run had signed its manifest with {self.key}: neither is here, as where"
                " reports were made anew by an older runbook, or where somebody took them away"
            )
        if not found:
            found = [Signature(MANIFEST, None, "", f"not signed: {self._unsigned()}")]
        if allowed is not None and not any(one.by for one in found):
            raise Wrong(f"{SIGNATURE} is missing: {self._unsigned()}")
        return found

    def _signature(self, name: str, allowed: Optional[Path]) -> Signature:
        manifest = read_manifest(self.path / name)
        assert manifest is not None
        rebuilt = manifest["rebuilt"]
        announced = self.key if rebuilt is None else ""
        path = self.path / (name + ".sig")
        of = ""
        if name != MANIFEST:
            ended = "the run's own, of {}".format(self.chain.events[-1].get("time"))
            of = "{} ({}): ".format(
                name, ended if rebuilt is None else f"of reports made at {rebuilt}"
            )
        if not path.is_file():
            if announced:
                raise Wrong(f"{path.name} is missing: the run had signed with {announced}")
            return Signature(name, rebuilt, "", of + f"not signed: {self._unsigned(name, rebuilt)}")
        _check_armour(path)
        content = read_file(self.path / name)
        try:
            key = key_of(path, NAMESPACE, content)
            if announced and announced not in key:
                raise Wrong(f"of another key than the one the run signed with, {announced}")
            if allowed is None:
                told = f"signed with {key}: --allowed-signers tells whose key that is"
                return Signature(name, rebuilt, "", of + told)
            by = "{} ({})".format(*signer_of(path, allowed, NAMESPACE, content))
            return Signature(name, rebuilt, by, f"{of}signed by {by}")
        except Wrong as wrong:
            raise Wrong(f"{path.name}: {wrong}") from None

    def _unsigned(self, name: str = MANIFEST, rebuilt: Optional[str] = None) -> str:
        """Who did not sign."""
        if name == MANIFEST:
            rebuilt = self.rebuilt
        if rebuilt is None:
            return "the run was not signed"
        if self.key:
            return (
                "whoever made the reports anew has not; the run itself had signed with"
                f" {self.key}, which does not hold for them"
            )
        return "neither the run was, nor were the reports that were made after it"


def _check_read(found: Dict[str, Chain], reader: str, heads: Dict[str, str]) -> None:
    """Raises Wrong for a journal that the run of `reader` had read and that is not as it was."""
    for run, head in heads.items():
        shown = f"{EARLIER}/{run}.jsonl"
        if shown not in found:
            raise Wrong(f"{shown} is missing: by {reader} its run was read up to {head}")
        if not has_had(found[shown], head):
            raise Wrong(f"{shown} was altered: {reader} has another head of it, {head}")


def _compare(listed: Files, there: Files) -> None:
    """Raises Wrong for files that are not those of the list."""
    wrong = [f"{name} is missing" for name in sorted(set(listed) - set(there))]
    wrong += [
        "{} was altered ({}; listed is {})".format(name, *map(_size_and_sum, both))
        for name, both in sorted((n, (there[n], listed[n])) for n in set(listed) & set(there))
        if both[0] != both[1]
    ]
    wrong += [f"{name} was added" for name in sorted(set(there) - set(listed))]
    if wrong:
        raise Wrong("; ".join(wrong[:_SHOWN]))


def _size_and_sum(seen: Dict[str, Any]) -> str:
    told = ", sha256 {}".format(str(seen["sha256"])[:16]) if seen.get("sha256") else ""
    return "{} bytes{}".format(seen.get("size"), told)


def _is_written_as(manifest: Dict[str, Any], raw: bytes) -> bool:
    try:
        return canonical(manifest) == raw
    except UnicodeEncodeError:  # half a character, written as JSON can
        return False


def _is_part(name: str) -> bool:
    """Of a file that a run writes: in a folder of its files any, beside them those that it may."""
    folder, _, file = name.rpartition("/")
    if not _PART.match(file):
        return False
    whole = file[1 : -len(".part")]
    return bool(folder) or whole in (JOURNAL, LIVE, *APART, *REMADE) or bool(KEPT.match(whole))


def _told_in(event: Dict[str, Any]) -> Iterable[str]:
    """Every place in the run's directory that a field of an event is, not one within a text."""
    if event.get("event") in _SAYING:
        return
    rest = [event]  # type: List[Any]
    while rest:
        one = rest.pop()
        for value in one.values() if isinstance(one, dict) else one:
            if isinstance(value, str):
                if value.startswith(_PLACES) and _TOLD.match(value):
                    yield value
            elif isinstance(value, (dict, list)):
                rest.append(value)


def _fetched(events: List[Dict[str, Any]]) -> Dict[str, Dict[str, str]]:
    try:
        return not_fetched(events)
    except (KeyError, TypeError, AttributeError):
        raise Wrong(f"{JOURNAL}: an event {FETCHED} is not as a run writes it") from None


def _cited(event: Dict[str, Any], shown: str) -> List[Cited]:
    try:
        return cited_by(event)
    except Wrong as wrong:
        raise Wrong(f"{shown}: {wrong}") from None


def _brought(events: List[Dict[str, Any]]) -> Dict[str, Tuple[str, Any]]:
    """File in the run's directory -> SHA-256 and size, of those that it had brought from a node."""
    found = {}  # type: Dict[str, Tuple[str, Any]]
    for event in events:
        if event.get("event") == BROUGHT:
            name = str(event.get("file"))
            if _BACKUP.match(name) is None or not event.get("sha256"):
                raise Wrong(f"{JOURNAL}: event {event.get('seq')}: no file of a run: {name}")
            found[name] = (str(event["sha256"]), event.get("size"))
    return found


def _lacking(shown: str, places: List[str], told: Dict[str, Dict[str, str]]) -> str:
    run = Path(shown).name
    why = sorted({w for name, each in told.items() if run.startswith(name) for w in each.values()})
    said = "; ".join(why) or "this runbook did not fetch them"
    names = ", ".join(places[:_SHOWN]) + (", ..." if len(places) > _SHOWN else "")
    return f"{shown} cites {len(places)} outputs that are not here: {said} ({names})"


def _are_files(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(name, str) and isinstance(seen, dict) and set(seen) <= {"size", "sha256"}
        for name, seen in value.items()
    )


def _check_armour(path: Path) -> None:
    """The signature is written as ssh-keygen writes it: it would read past some changes."""
    text = read_file(path).decode("ascii", "replace")
    body = "".join(text.split("\n")[1:-2])
    try:
        blob = base64.b64encode(base64.b64decode(body, validate=True)).decode()
    except ValueError:
        blob = ""
    rows = [blob[at : at + _ARMOUR_WIDTH] for at in range(0, len(blob), _ARMOUR_WIDTH)]
    if "\n".join([_ARMOUR[0], *rows, _ARMOUR[1], ""]) != text:
        raise Wrong(f"{path.name} was altered")


# signatures


def key_of(signature: Path, namespace: str, text: bytes) -> str:
    """The key that signed exactly this text, whoever has it: kind and fingerprint.

    Raises Wrong, and OSError without an ssh-keygen that knows signatures.
    """
    done = _keygen(["check-novalidate", "-n", namespace, "-s", str(signature)], text)
    told = _GOOD.search(done.out)
    if done.code != 0 or told is None:
        raise Wrong(
            f"it was altered after it was signed, or signed as something else: {_why(done)}"
        )
    return told.group(1)


def signer_of(
    signature: Path, allowed: Path, namespace: str, text: bytes, at: str = ""
) -> Tuple[str, str]:
    """Who signed exactly this text, by the file of allowed signers, and the key.

    Each line of that key is tried by itself: ssh-keygen looks no further than the first one, and
    that may be for another use or another time: now, or the moment `at`, as a journal has it. For a
    certificate they are its authority's lines.
    Raises Wrong, OSError as `key_of`.
    """
    key = key_of(signature, namespace, text)
    wanted = _key_in(read_file(signature))
    is_certified = "-CERT key " in key
    reasons = []  # type: List[str]
    with tempfile.TemporaryDirectory(prefix="nr-signers-") as place:
        one = Path(place) / "line"
        for number, line in enumerate(read_file(allowed).split(b"\n"), start=1):
            if line.lstrip().startswith(b"#") or not (
                wanted in line or (is_certified and _AUTHORITY in line.lower())
            ):
                continue
            if len(reasons) == MOST_KEYS:
                raise Wrong(f"more than {MOST_KEYS} lines of {allowed.name} have the key {key}")
            one.write_bytes(line + b"\n")
            dated = at if b"valid-" in line else ""
            name, why = _allowed_by(one, signature, namespace, text, dated)
            if name:
                return name, key
            reasons.append(f"line {number}: {why}")
    said = "; ".join(reasons) or "none of its lines has that key"
    raise Wrong(f"the signature is good, but {allowed.name} does not allow {key}: {said}")


def _allowed_by(
    line: Path, signature: Path, namespace: str, text: bytes, at: str
) -> Tuple[str, str]:
    """Whom a file of one line allows, else '' and why not."""
    of = ["-s", str(signature), "-f", str(line)]
    if at:  # it takes local time, as the dates of a line are
        moment = time.localtime(calendar.timegm(time.strptime(at[:19], "%Y-%m-%dT%H:%M:%S")))
        of += ["-O", "verify-time=" + time.strftime("%Y%m%d%H%M%S", moment)]
    found = _keygen(["find-principals", *of], b"")
    # a pattern that begins with "!" names nobody
    names = [name for name in found.out.split("\n") if name and not name.startswith("!")]
    if found.code != 0 or not names:
        return "", _why(found)
    done = _Said(1, "", "")
    for name in names:
        done = _keygen(["verify", "-n", namespace, *of, "-I", name], text)
        if done.code == 0 and _GOOD.search(done.out):
            return name, ""
    return "", _why(done)


def _key_in(armoured: bytes) -> bytes:
    """The public key within a signature, as a line of allowed signers has it."""
    body = b"".join(armoured.strip().split(b"\n")[1:-1])
    try:
        blob = base64.b64decode(body, validate=True)
    except ValueError:
        raise Wrong("it was altered") from None
    # SSHSIG, version, then the key with its length before it
    length = int.from_bytes(blob[10:14], "big")
    return base64.b64encode(blob[14 : 14 + length])


class _Said(NamedTuple):
    """What ssh-keygen said; errors apart, so that none is taken for a name."""

    code: int
    out: str
    errors: str


def _why(said: _Said) -> str:
    """The first line of its errors, without the file of ours that it names."""
    lines = [line for line in (said.errors + "\n" + said.out).split("\n") if line.strip()]
    first = re.sub(r"^\S*line:1: ", "", lines[0]) if lines else f"exit code {said.code}"
    return re.sub(r"\s+", " ", first).strip()[:200]


def _keygen(arguments: List[str], text: bytes) -> _Said:
    """Ask ssh-keygen. OSError without one that knows what it is asked."""
    try:
        done = subprocess.run(
            ["ssh-keygen", "-Y", *arguments],
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(os.environ, LC_ALL="C", SSH_ASKPASS_REQUIRE="never"),
            timeout=DEADLINE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise OSError(f"ssh-keygen gave no answer within {DEADLINE} seconds") from None
    said = _Said(
        done.returncode,
        done.stdout.decode("utf-8", "replace"),
        done.stderr.decode("utf-8", "replace"),
    )
    if said.code != 0 and _TOO_OLD.search(said.errors):
        raise OSError(
            "the ssh-keygen of this machine can't check signatures: that takes OpenSSH 8.2 or newer"
        )
    return said


# approvals


def check_approvals(directory: Directory, allowed: Optional[Path]) -> List[str]:
    """What each approval on record is worth, a sentence. Raises Wrong for one that does not hold
    by the approvers of its run, or by `allowed`; OSError as `key_of`."""
    found = []
    for events in (directory.chain.events, *(c.events for c in directory.read_earlier().values())):
        for fact in events:
            if (fact.get("event"), fact.get("name")) != ("fact", APPROVALS):
                continue
            run = [event for event in events if event.get("run") == fact.get("run")]
            try:
                found += [_approved(directory, one, fact, run, allowed) for one in fact["given"]]
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                raise Wrong(f"an approval is not as a run writes it: {error!r}") from None
    if allowed is not None and not found:
        raise Wrong("no approval is on record, and approvers were given")
    return list(dict.fromkeys(found))


def _approved(
    directory: Directory,
    one: Dict[str, str],
    fact: Dict[str, Any],
    run: List[Dict[str, Any]],
    allowed: Optional[Path],
) -> str:
    """Of one approval of a fact, which the run of these events has told."""
    who = "approved by {by} ({name}, key {key})".format(**one)
    file = _kept(directory, one, run[0])
    approvers = _kept(directory, fact.get("approvers") or {}, run[0])
    if not file or not approvers:
        if allowed is not None:
            raise Wrong(f"{who}: its file is not here, so it can't be checked")
        return f"{who}: not checked, as its file is not here"
    content = read_json(read_file(directory.path / file).decode("utf-8"))
    signature = content.pop("signature").encode("utf-8")
    if one["key"] in [e.get("key") for e in run[: run.index(fact)] if e.get("event") == "login"]:
        raise Wrong(f"{file}: {who}, who ran it: he had logged in to a node with that key")
    if [other["file"] for other in fact["given"]].count(one["file"]) > 1:
        raise Wrong(f"{file}: {who}, more than once: an approval counts once")
    if not one["given"] <= fact["time"] < one["until"]:
        raise Wrong(f"{file}: it did not hold at {fact['time']}")
    if not _is_for(content, one, run[0]):
        raise Wrong(f"{file}: it is not the approval that is on record, or is for something else")
    try:
        signed = (signature, APPROVAL, canonical(content), str(fact["time"]))
        found = _signed_by(directory.path / approvers, *signed)
        yours = _signed_by(allowed, *signed)[0] if allowed is not None else ""
    except Wrong as wrong:
        raise Wrong(f"{file}: {who}, which does not hold: {wrong}") from None
    if found != (one["by"], one["key"]):
        raise Wrong("{}: {}; by {} it is {}, key {}".format(file, who, approvers, *found))
    more = f", and by yours ({yours})" if yours else "; --approvers FILE holds it to yours"
    said = f"{who}: {file} holds by the approvers of the run, {approvers}{more}"
    later = {e.get("event") for e in run[run.index(fact) :] if e.get("key") == one["key"]}
    words = (("login", "a node was logged in to"), ("signer", "the run's evidence is signed"))
    seen = " and ".join(text for event, text in words if event in later)
    return f"{said}; NOT BY ANOTHER PERSON, it seems: {seen} with that key" if seen else said


def _kept(directory: Directory, kept: Dict[str, str], begun: Dict[str, Any]) -> str:
    """Where the file lies that a run has kept; '' when it is not here. Raises Wrong."""
    match = _OUTPUT.match(kept.get("file", ""))
    place = place_of(match.group(1), str(begun["run"]), directory.run) if match else ""
    if not (directory.path / place).is_file():
        return ""
    if not is_as_cited(directory.path / place, kept["sha256"], kept.get("size")):
        raise Wrong(f"{place} was altered: an approval on record cites another one")
    return place


def _is_for(content: Dict[str, Any], one: Dict[str, str], begun: Dict[str, Any]) -> bool:
    """The file says what is on record of it, and its facts are those of the run."""
    material = content["material"]
    plain = json.dumps(material, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return (
        digest(plain.encode("utf-8")) == content["plan"]
        and all(content[name] == one[name] for name in ("plan", "name", "given", "until"))
        and all(material[n] == begun[n] for n in ("cluster", "source", "target", "runbook"))
    )


def _signed_by(
    allowed: Path, signature: bytes, namespace: str, text: bytes, at: str
) -> Tuple[str, str]:
    """As `signer_of`, of a signature that is no file; the fingerprint alone."""
    with tempfile.NamedTemporaryFile(prefix="nr-signature-") as file:
        file.write(signature)
        file.flush()
        name, key = signer_of(Path(file.name), allowed, namespace, text, at)
    return name, key.rpartition(" ")[2]


# the command


def verify(
    path: Path,
    head: Optional[str] = None,
    allowed: Optional[Path] = None,
    approvers: Optional[Path] = None,
    witnesses: Sequence[Path] = (),
    timestamp_ca: Optional[Path] = None,
) -> Verdict:
    """Look at a run's directory. OSError when it, or ssh-keygen, can't be used: `in_words`.

    `witnesses`: excerpts of nodes' system journals; `timestamp_ca`: certificates of authorities.
    """
    try:
        directory = Directory(path)
        directory.check()
        proofs = [directory.proved_by_head(head)] if head is not None else []
        proofs += [told for one in witnesses for told in check_witness(one, directory.journals)]
        directory.notes += check_stamps(path, directory.chain, timestamp_ca)
        signatures = _signatures(directory, allowed)
        approved = _approvals(directory, approvers)
    except Wrong as wrong:
        return Verdict(NOT_VALID, [f"NOT VALID: {wrong}"])
    proofs += [one.told for one in signatures]
    events = directory.chain.events
    files = len(directory.manifest["files"]) if directory.manifest else 0
    said = "run {}: {} journal lines".format(events[0].get("run"), directory.chain.lines)
    said += f", {files} files" if files else ""
    said += ", the last line of {}".format(events[-1].get("time"))
    notes = [f"  {text}" for text in proofs + approved + directory.notes]
    notes.append(f"  head of the journal: {directory.chain.head}")
    if Path(__file__).resolve() == (path / COPY).resolve():
        notes.append(
            f"  checked by the directory's own {COPY}: whoever alters the directory can alter it,"
            " so take one of your own"
        )
    if is_proved(directory, head is not None, signatures):
        return Verdict(VALID, [f"valid: {said}", *notes])
    given = head is not None or bool(witnesses) or any(one.by for one in signatures)
    lacking = "proved in part" if given else "origin not proved"
    return Verdict(NOT_PROVED, [f"consistent, {lacking}: {said}", *notes])


def is_proved(directory: Directory, by_head: bool, signatures: List[Signature]) -> bool:
    """Whether all of it is: what the run left, and the reports that were made after it.

    What a run left that did not come to its end nothing can prove as a whole: nobody sealed it.
    Nor an attempt of which a run is missing, and nobody can say what it did.
    """
    by = {one.manifest: one for one in signatures if one.by}
    left = by_head or any(one.rebuilt is None for one in by.values())
    made = directory.rebuilt is None or MANIFEST in by
    is_all = directory.seal is not None and directory.is_whole and directory.has_own
    return is_all and left and made


def _signatures(directory: Directory, allowed: Optional[Path]) -> List[Signature]:
    try:
        return directory.check_signatures(allowed)
    except OSError as error:
        if allowed is not None:
            raise
        directory.notes.append(f"the signature was not looked at: {error}")
        return []


def _approvals(directory: Directory, approvers: Optional[Path]) -> List[str]:
    try:
        return check_approvals(directory, approvers)
    except OSError as error:
        if approvers is not None:
            raise
        return [f"the approvals were not looked at, and can't be counted: {in_words(error)}"]


def in_words(error: OSError) -> str:
    """What could not be used, and why."""
    return f"{error.filename}: can't be read ({error.strerror})" if error.filename else str(error)


def _arguments(given: Optional[List[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "directory", type=Path, metavar="DIR", help="the run's directory, reports/RUN"
    )
    parser.add_argument("--head", metavar="HASH", help="the head that the run printed")
    parser.add_argument(
        "--allowed-signers",
        type=Path,
        metavar="FILE",
        help="who may sign, in the format of ssh-keygen's allowed signers",
    )
    parser.add_argument(
        "--approvers", type=Path, metavar="FILE", help="who may approve, in the same format"
    )
    parser.add_argument(
        "--witness",
        type=Path,
        metavar="FILE",
        action="append",
        default=[],
        help="what `journalctl -t neteye-runbook` printed on a node",
    )
    parser.add_argument(
        "--timestamp-ca",
        type=Path,
        metavar="FILE",
        help="certificates, as PEM, by which time stamps count; takes openssl",
    )
    known = parser.parse_args(given)
    if known.head is not None and not HEAD.match(known.head):
        parser.error("--head: expected 64 hexadecimal digits")
    for name in ("allowed_signers", "approvers", "timestamp_ca"):
        file = getattr(known, name)
        if file is not None and not file.is_file():
            parser.error("--{}: there is no {}".format(name.replace("_", "-"), file))
    return known


def main(given: Optional[List[str]] = None) -> int:
    """The exit code; what was found is printed."""
    try:
        known = _arguments(given)
    except SystemExit as end:
        return USAGE if end.code else 0
    try:
        verdict = verify(
            known.directory,
            known.head,
            known.allowed_signers,
            known.approvers,
            known.witness,
            known.timestamp_ca,
        )
    except OSError as error:
        print(_printable(f"ERROR: {in_words(error)}"), file=sys.stderr)
        return USAGE
    for line in verdict.lines:
        print(_printable(line))
    return verdict.code


def _printable(text: str) -> str:
    """A file's name may hold anything: it must not steer the terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)


if __name__ == "__main__":
    sys.exit(main())
