"""Approvals given and read: the plan's hash, signed with a person's ssh key.

The signature covers the plan's hash and its material facts, the name, and from when until when.
A file of allowed signers, as ssh-keygen has it, says who may approve.
"""

from __future__ import annotations

import getpass
import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.atomic import write_atomically
from engine.errors import ParseError, RunbookError, UsageError
from engine.judge.approvals import Operator, approvals
from engine.judge.text import many
from engine.model.approval import Approval, SeenApproval, Upgrade
from engine.model.event import stamp
from engine.model.finding import Finding
from engine.model.query import LocalQuery
from engine.model.visible import is_blank
from engine.parse.signed import LARGEST_SIGNED, SCHEMA, Signed, parse_approval
from engine.prove.signature import APPROVAL, CantSign, CantVerify, find_signer, signed_by
from engine.record.material import material_hash
from engine.record.run import Run
from engine.verify import canonical, read_file, read_json

PATTERN = "*.approval.json"
MOST = 100
"""Signatures that are checked: each takes three calls of ssh-keygen."""
READ = 1000
"""Files that are read."""


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
    if path.exists():
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


Found = tuple[Operator, list[SeenApproval]]
"""Who runs it, and every approval that was given."""


def approvals_here(run: Run) -> LocalQuery[Found]:
    """A question to this machine: who the operator is, and what lies in the directory."""
    settings = run.inventory.settings
    return LocalQuery(
        name="approvals of the plan",
        where=f"{settings.approvals_from or '(no directory)'}/{PATTERN}, signers of"
        f" {settings.approvers or '(no file)'}",
        ask=lambda: (
            Operator(getpass.getuser(), _key_of_the_operator(run)),
            read_approvals(
                settings.approvals_from,
                settings.approvers,
                Upgrade(settings.cluster, str(run.release.source), str(run.release.target)),
            ),
        ),
        write=lambda found: json.dumps(
            {"operator": asdict(found[0]), "seen": [asdict(one) for one in found[1]]}, default=str
        ),
        parse=_read_back,
    )


def _read_back(text: str) -> Found:
    content = read_json(text)
    return Operator(**content["operator"]), [_seen(one) for one in content["seen"]]


def _seen(content: dict[str, Any]) -> SeenApproval:
    signed = content["approval"]
    if signed is None:
        return SeenApproval(**content)
    moments = {name: datetime.fromisoformat(signed[name]) for name in ("given", "until")}
    return SeenApproval(**{**content, "approval": Approval(**{**signed, **moments})})


def judge_approvals(
    run: Run, found: Found, *, active: str, versions: Mapping[str, object], now: datetime
) -> tuple[list[Finding], list[SeenApproval]]:
    """Findings about the approvals that the inventory asks for, and those that count.

    `active` is N, `versions` the installed version of each node.
    """
    settings = run.inventory.settings
    material = run.material_facts(active, versions)
    operator, seen = found
    return approvals(
        settings.approvals, seen, operator=operator, material=_plain(material), now=now
    )


def _key_of_the_operator(run: Run) -> str:
    host, chosen = next(iter(run.inventory.hosts), None), run.inventory.settings.signing_key
    try:
        with tempfile.TemporaryDirectory(prefix="nr-sign-") as place:
            return find_signer(host, Path(place), chosen).fingerprint
    except CantSign:
        return ""
    except OSError as error:
        raise RunbookError(
            f"whose key the operator's is could not be found out: {error}"
        ) from error


def _plain(material: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON has it, to be compared with an approval's facts, which were JSON."""
    plain: dict[str, Any] = json.loads(json.dumps(material))
    return plain


def as_facts(one: SeenApproval) -> dict[str, str]:
    """An approval that counts, for the evidence."""
    assert one.approval is not None
    return {
        "by": one.principal,
        "name": one.approval.name,
        "key": one.key,
        "plan": one.approval.plan,
        "given": stamp(one.approval.given),
        "until": stamp(one.approval.until),
    }


def read_approvals(
    directory: Path | None, allowed: Path | None, upgrade: Upgrade | None = None
) -> list[SeenApproval]:
    """Every approval of the directory for this upgrade, with what its signature says.

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
    seen = [_read(name, content, allowed) for name, content in taken]
    others, rest = len(files) - len(ours), len(ours) - len(taken)
    return [*seen, *_passed_over(directory, others, rest, len(paths) - len(files))]


Content = Signed[Approval] | str
"""What a file says, or why it can't be read."""


def _content(path: Path) -> Content:
    try:
        return parse_approval(read_file(path, LARGEST_SIGNED).decode(), path.name)
    except OSError as error:
        return error.strerror or str(error)
    except (UnicodeDecodeError, ParseError) as error:
        return str(error)


def _is_for_another(found: Content, upgrade: Upgrade | None) -> bool:
    if upgrade is None or isinstance(found, str):
        return False
    told = found.content.material
    return any(told.get(name) != value for name, value in asdict(upgrade).items())


def _newest_first(file: tuple[str, Content]) -> tuple[float, str]:
    name, found = file
    return (0.0 if isinstance(found, str) else -found.content.given.timestamp()), name


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


def _read(name: str, found: Content, allowed: Path | None) -> SeenApproval:
    if isinstance(found, str):
        return SeenApproval(name, problem=f"it can't be read: {found}")
    if allowed is None:
        problem = "nobody is allowed to approve: runbook_approvers is not given"
        return SeenApproval(name, found.content, problem=problem)
    try:
        principal, key = signed_by(
            canonical(found.fields), found.signature.encode(), allowed, APPROVAL
        )
    except CantVerify as error:
        return SeenApproval(name, found.content, problem=str(error))
    if material_hash(found.content.material) != found.content.plan:
        problem = "its hash is not that of the facts it was given for"
        return SeenApproval(name, found.content, principal, key, problem)
    return SeenApproval(name, found.content, principal, key)
