"""Approvals given and read: the plan's hash, signed with a person's ssh key.

The signature covers the plan's hash and its material facts, the name, and from when until when.
A file of allowed signers, as ssh-keygen has it, says who may approve.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.atomic import write_atomically
from engine.errors import ParseError, UsageError
from engine.given_path import is_there
from engine.judge.text import many
from engine.model.approval import Approval, SeenApproval, Upgrade
from engine.model.event import stamp
from engine.model.visible import is_blank
from engine.parse.signed import LARGEST_SIGNED, SCHEMA, Signed, parse_approval
from engine.prove.signature import CantSign, CantVerify, find_signer, signed_by
from engine.record.material import material_hash
from engine.verify import APPROVAL, canonical, read_file, read_json

PATTERN = "*.approval.json"
MOST = 100
"""Signatures that are checked: each takes three calls of ssh-keygen."""
READ = 1000
"""Files that are read."""
LARGEST_APPROVERS = 1 << 20
"""Bytes of the file that says who may approve: a line has a name and a key."""


def approve(
    plan: Mapping[str, Any], *, name: str, now: datetime, until: datetime, key: Path | None
) -> bytes:
    """The content of an approval's file. UsageError when the plan was altered, or no key signs."""
    if is_blank(name):
        raise UsageError("who approves? --name is empty, or nothing of it can be seen")
    if not _is_text(name):
        raise UsageError(f"--name {name!r}: it is not UTF-8")
    if material_hash(plan["material"]) != plan["hash"]:
        raise UsageError("the plan's hash is not that of its facts: the file was altered")
    if until <= now:
        raise UsageError("the approval would have ended before it was given")
    signed = {
        "schema": SCHEMA,
        "plan": plan["hash"],
        "material": plan["material"],
        "name": name,
        "given": stamp(now),
        "until": stamp(until),
    }
    try:
        with tempfile.TemporaryDirectory(prefix="nr-sign-") as place:
            signature = find_signer(None, Path(place), key).sign(canonical(signed), APPROVAL)
    except (CantSign, OSError) as error:
        raise UsageError(f"not approved, as no key signs: {error}") from error
    return canonical({**signed, "signature": signature.decode()})


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def write_approval(path: Path, content: bytes) -> None:
    """Write the file, never over another one; UsageError."""
    if is_there(path):
        raise UsageError(f"{path}: is there already; name another file with --out")
    try:
        write_atomically(path, content)
    except OSError as error:
        raise UsageError(f"{path}: can't be written ({error.strerror or error})") from error


def read_plan(path: Path) -> dict[str, Any]:
    """A plan.json. UsageError."""
    try:
        plan = read_json(read_file(path).decode())
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror or error})") from error
    except ValueError as error:
        raise UsageError(f"{path}: no plan.json: {error}") from error
    wanted = {"hash", "material", "cluster", "findings", "steps", "outcome"}
    if not isinstance(plan, dict) or not wanted <= set(plan):
        raise UsageError(f"{path}: no plan.json of this runbook")
    material = plan["material"]
    if not isinstance(material, dict) or not {"source", "target"} <= set(material):
        raise UsageError(f"{path}: no plan.json of this runbook: its facts lack source or target")
    if not isinstance(plan["steps"], list) or not _are_findings(plan["findings"]):
        raise UsageError(f"{path}: no plan.json of this runbook: its steps or findings are no list")
    return plan


def _are_findings(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and {"code", "severity"} <= set(one) for one in value
    )


def read_approvals(
    directory: Path | None, allowed: Path | None, upgrade: Upgrade | None = None
) -> list[SeenApproval]:
    """Every approval of the directory for this upgrade, with what its signature says.

    Each file is read once, `allowed` too: what was checked is what is kept in the evidence.
    Files for other upgrades, and what is too much, are passed over before a signature is checked:
    a last entry, the directory itself, says how many. None: whatever it is for.
    """
    if directory is None:
        return []
    if not directory.is_dir():
        return [SeenApproval(str(directory), problem="there is no such directory")]
    paths = sorted(directory.glob(PATTERN), key=_last_written)
    files = [(path.name, _content(path)) for path in paths[:READ]]
    ours = [one for one in files if not _is_for_another(one[1], upgrade)]
    ours.sort(key=_newest_first)
    taken = sorted(ours[:MOST], key=lambda one: one[0])
    with _signers(allowed) as signers:
        seen = [_read(name, content, signers) for name, content in taken]
    others, rest = len(files) - len(ours), len(ours) - len(taken)
    return [*seen, *_passed_over(directory, others, rest, len(paths) - len(files))]


@dataclass(frozen=True)
class _Signers:
    """The file of allowed signers as it was read, and a copy that nobody else changes."""

    path: Path
    raw: bytes = b""
    problem: str = ""
    """Why nobody is allowed to approve."""


@contextmanager
def _signers(allowed: Path | None) -> Iterator[_Signers]:
    if allowed is None:
        yield _Signers(Path(), problem="runbook_approvers is not given")
        return
    with tempfile.TemporaryDirectory(prefix="nr-approvers-") as place:
        copy = Path(place) / allowed.name
        try:
            raw = read_file(allowed, LARGEST_APPROVERS)
            copy.write_bytes(raw)
        except OSError as error:
            why = error.strerror or error
            yield _Signers(copy, problem=f"{allowed.name} can't be read ({why})")
            return
        yield _Signers(copy, raw)


@dataclass(frozen=True)
class _Read:
    """An approval's file."""

    signed: Signed[Approval]
    raw: bytes


Content = _Read | str
"""What a file says, or why it can't be read."""


def _content(path: Path) -> Content:
    try:
        raw = read_file(path, LARGEST_SIGNED)
        return _Read(parse_approval(raw.decode(), path.name), raw)
    except OSError as error:
        return error.strerror or str(error)
    except (UnicodeDecodeError, ParseError) as error:
        return str(error)


def _is_for_another(found: Content, upgrade: Upgrade | None) -> bool:
    if upgrade is None or isinstance(found, str):
        return False
    told = found.signed.content.material
    return any(told.get(name) != value for name, value in asdict(upgrade).items())


def _newest_first(file: tuple[str, Content]) -> tuple[float, str]:
    name, found = file
    return (0.0 if isinstance(found, str) else -found.signed.content.given.timestamp()), name


def _last_written(path: Path) -> tuple[float, str]:
    """Those first; OSError of one that is gone meanwhile is told when it is read."""
    try:
        return -path.lstat().st_mtime, path.name
    except OSError:
        return 0.0, path.name


def _passed_over(directory: Path, others: int, rest: int, unread: int) -> list[SeenApproval]:
    told = [
        f"{many(others, 'file')} for another cluster or upgrade" if others else "",
        f"{many(rest, 'file')} beyond the {MOST} that were given last" if rest else "",
        f"{many(unread, 'file')} beyond the {READ} that were written last" if unread else "",
    ]
    if not any(told):
        return []
    problem = f"passed over, no signature was checked: {', '.join(filter(None, told))}"
    return [SeenApproval(str(directory), problem=problem)]


def _read(name: str, found: Content, signers: _Signers) -> SeenApproval:
    if isinstance(found, str):
        return SeenApproval(name, problem=f"it can't be read: {found}")
    signed = found.signed
    seen = SeenApproval(name, signed.content, raw=found.raw, signers=signers.raw)
    if signers.problem:
        return replace(seen, problem=f"nobody is allowed to approve: {signers.problem}")
    try:
        principal, key = signed_by(
            canonical(signed.fields), signed.signature.encode(), signers.path, APPROVAL
        )
    except CantVerify as error:
        return replace(seen, problem=str(error))
    seen = replace(seen, principal=principal, key=key)
    if material_hash(signed.content.material) != signed.content.plan:
        return replace(seen, problem="its hash is not that of the facts it was given for")
    return seen
