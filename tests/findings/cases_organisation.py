"""What the organisation asks for before a change: id, window, fallback, notes, rehearsal."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from engine.prove.signature import REHEARSAL, find_signer
from engine.verify import canonical
from tests.findings import repairs
from tests.findings.breaking import SERVICES
from tests.findings.case import Case, Start, green, preflight

if TYPE_CHECKING:
    from tests.findings.lab import Lab

GOVERNANCE = "preflight.governance"
RUNBOOK = "preflight.runbook"
_MARKER = "/etc/neteye-rehearsal/marker.json"
_WINDOW = ("2020-01-01T00:00:00+00:00", "2099-12-31T23:59:59+00:00")
_GIVEN = {
    "runbook_change_id": "CHG-17",
    "runbook_window_start": _WINDOW[0],
    "runbook_window_end": _WINDOW[1],
    "runbook_release_notes_read": "A. Operator, 2026-01-01",
    "runbook_fallback": "snapshots of all nodes, by the team of the hypervisor",
}


def called_production(lab: Lab) -> None:
    """The cluster is one of production: no node has the rehearsal's marker."""
    for node in lab.cluster.shorts:
        lab.cluster.run(node, ("mv", _MARKER, f"{_MARKER}.away"))
    # the sample data would lose more than production may
    lab.give(runbook_environment="production", runbook_loss_percent="100")


def loss_is_asked_for(lab: Lab) -> None:
    """A cluster of production, in which more values than one in a hundred are no integers."""
    called_production(lab)
    lab.give(runbook_loss_percent=None)


def of_production(lab: Lab) -> None:
    """A cluster of production with all that the organisation asks for, until the case ends."""
    called_production(lab)
    lab.give(**_GIVEN)
    lab.stack.callback(called_a_rehearsal, lab)


def with_another_plugin(lab: Lab) -> None:
    """A cluster of production, and a plugin of pytest that no requirement names (`-p execnet`)."""
    of_production(lab)


def with_another_place(lab: Lab) -> None:
    """A cluster of production, and modules may come from a folder of somebody's
    (`-o pythonpath`)."""
    of_production(lab)


def left_out(lab: Lab) -> None:
    """The words left out of the command line."""


def ini_edited(lab: Lab) -> None:
    """A cluster of production, and somebody has added a line to the project's pytest.ini."""
    of_production(lab)
    ini = lab.clone / "pytest.ini"
    ini.write_text(f"{ini.read_text()}# mine\n")


def ini_of_the_release(lab: Lab) -> None:
    """The file of the release is taken."""
    ini = lab.clone / "pytest.ini"
    ini.write_text(ini.read_text().removesuffix("# mine\n"))


def called_a_rehearsal(lab: Lab) -> None:
    """The rehearsal's marker is back on every node."""
    for node in lab.cluster.shorts:
        lab.cluster.run(node, ("mv", f"{_MARKER}.away", _MARKER))
    lab.give(runbook_environment="rehearsal", runbook_loss_percent=None)


def everything_given(lab: Lab) -> None:
    """The settings added to the inventory: change, window, notes and fallback."""
    lab.give(**_GIVEN)
    called_a_rehearsal(lab)


def window_moved(lab: Lab) -> None:
    """Another window approved, and written into the inventory."""
    lab.give(runbook_window_start=_WINDOW[0], runbook_window_end=_WINDOW[1])


def notes_read(lab: Lab) -> None:
    """The release notes read, and that written into the inventory."""
    lab.give(runbook_release_notes_read="A. Operator, 2026-01-01")


def read_tomorrow(lab: Lab) -> None:
    """The day on which the notes were read is far in the future."""
    lab.give(runbook_release_notes_read="A. Operator, 2090-01-01")


def _in(**hours: float) -> str:
    return (datetime.now(UTC) + timedelta(**hours)).isoformat(timespec="seconds")


def not_begun(lab: Lab) -> None:
    """The window begins in two hours."""
    lab.give(runbook_window_start=_in(hours=2), runbook_window_end=_in(hours=9))


def over(lab: Lab) -> None:
    """The window ended an hour ago."""
    lab.give(runbook_window_start=_in(hours=-9), runbook_window_end=_in(hours=-1))


def nearly_over(lab: Lab) -> None:
    """Ten minutes of the window are left."""
    lab.give(runbook_window_start=_in(hours=-3), runbook_window_end=_in(minutes=10))


def rehearsed_otherwise(lab: Lab) -> None:
    """A cluster of production, and the rehearsal that is named was long ago, in containers, of
    another runbook, and signed by nobody."""
    called_production(lab)
    _name_statement(lab, STATEMENT)


def rehearsed_by_a_stranger(lab: Lab) -> None:
    """A cluster of production, and nobody knows the key that signed the rehearsal's statement."""
    called_production(lab)
    key = _new_key(lab, "key-of-a-stranger")
    with TemporaryDirectory() as place:
        signer = find_signer(None, Path(place), key)
        content = {**STATEMENT, "environment": "staging", "key": signer.fingerprint}
        signed = {name: value for name, value in content.items() if name != "signature"}
        content["signature"] = signer.sign(canonical(signed), REHEARSAL).decode()
    _name_statement(lab, content)


def predicted_otherwise(lab: Lab) -> None:
    """The rehearsal that is named made a change in the preflight, which this cluster does not
    need."""
    acts = [{"place": "operative 1", "what": "start chronyd", "command": ""}]
    predicted = {
        "nodes": {"operative": 3},
        "active": 1,
        "times": {},
        "left_out": 0,
        "questions": [],
        "apart": [],
        "passages": [],
    }
    predicted["passages"] = [{"step": "preflight.clocks", "place": "", "acts": acts}]
    more = {"schema": 4, "base": "", "releases": {}, "predicted": predicted}
    _name_statement(lab, {**STATEMENT, **more})


def no_rehearsal(lab: Lab) -> None:
    """The rehearsal taken out of the inventory."""
    lab.give(runbook_rehearsal=None)


def _name_statement(lab: Lab, content: dict[str, Any]) -> None:
    statement = lab.clone / "rehearsal.json"
    statement.write_bytes(canonical(content))
    lab.give(runbook_rehearsal=str(statement))


def _new_key(lab: Lab, name: str) -> Path:
    path = lab.clone / name
    argv = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path))
    subprocess.run(argv, check=True, timeout=60)
    return path


STATEMENT: dict[str, Any] = {
    "schema": 2,
    "run": "20260105T010000Z-lab-0000",
    "cluster": "lab.example.test",
    "environment": "rehearsal",
    "finished": "2026-01-05T02:00:00.000Z",
    "runbook": "0" * 64,
    "source": "4.25",
    "target": "4.26",
    "nodes": {"operative": 3},
    "scenario": "guide",
    "accepted": [],
    "runbooks": ["0" * 64],
    "machines": {},
    "key": "",
    "signature": "",
}


def nobody_stamps(lab: Lab) -> None:
    """A time stamp authority is named, and nobody listens there."""
    lab.give(runbook_timestamp_url="http://127.0.0.1:9/tsr")


def no_stamps_wanted(lab: Lab) -> None:
    """The authority taken out of the inventory."""
    lab.give(runbook_timestamp_url=None)


def approval_asked_for(lab: Lab) -> None:
    """The plan has to be approved by one person; the file that is there is no approval."""
    place = lab.clone / "approvals"
    place.mkdir()
    (place / "a.approval.json").write_text("{}")
    key = _new_key(lab, "key-of-b").with_suffix(".pub").read_text()
    (lab.clone / "approvers").write_text(f"b@example.test {key}")
    lab.give(
        runbook_approvals="1",
        runbook_approvals_from=str(place),
        runbook_approvers=str(lab.clone / "approvers"),
    )


def plan_approved(lab: Lab) -> None:
    """The plan as it is by now approved by somebody else, in place of the file that was none."""
    directory = lab.run("--plan", *lab.answers).directory
    assert directory is not None
    words = ("approve", str(directory / "plan.json"), "--name", "B. Bianchi")
    place = ("--key", str(lab.clone / "key-of-b"), "--out", "approvals/a.approval.json")
    (lab.clone / "approvals" / "a.approval.json").unlink()
    subprocess.run(
        (sys.executable, "-m", "engine", *words, *place), cwd=lab.clone, check=True, timeout=60
    )


ORGANISATION: tuple[Case, ...] = (
    preflight(
        "production-nothing-given",
        GOVERNANCE,
        "change-id-missing window-missing release-notes-unread fallback-missing",
        called_production,
        everything_given,
        warnings="rehearsal-missing",
        touches="inventory",
        settings=dict.fromkeys(
            (
                "runbook_change_id",
                "runbook_window_start",
                "runbook_window_end",
                "runbook_release_notes_read",
                "runbook_fallback",
            )
        ),
    ),
    preflight(
        "window-not-begun",
        GOVERNANCE,
        "window-outside",
        not_begun,
        window_moved,
        touches="inventory",
    ),
    preflight(
        "window-over",
        GOVERNANCE,
        "window-past",
        over,
        window_moved,
        touches="inventory",
    ),
    preflight(
        "window-nearly-over",
        GOVERNANCE,
        "window-too-short",
        nearly_over,
        window_moved,
        touches="inventory",
    ),
    preflight(
        "notes-read-in-the-future",
        GOVERNANCE,
        "release-notes-unread",
        read_tomorrow,
        notes_read,
        touches="inventory",
    ),
    preflight(
        "approval-asked-for",
        GOVERNANCE,
        "approvals-missing",
        approval_asked_for,
        plan_approved,
        warnings="approval-unusable",
        touches="inventory",
        needs="*",
    ),
    preflight(
        "loss-of-production",
        "preflight.capacity",
        "capacity-loss",
        loss_is_asked_for,
        repairs.values_cleaned,
        touches="inventory memories",
        needs=SERVICES,
        stays="the values that were cleaned do not come back, and no node has the marker",
    ),
    preflight(
        "plugin-of-somebody",
        RUNBOOK,
        "foreign-plugin",
        with_another_plugin,
        left_out,
        arguments=("-p", "execnet"),
        touches="inventory",
    ),
    preflight(
        "code-of-somebody",
        RUNBOOK,
        "foreign-code",
        with_another_place,
        left_out,
        arguments=("-o", "pythonpath=/srv/checks"),
        touches="inventory",
    ),
    preflight(
        "pytest-ini-edited",
        RUNBOOK,
        "runbook-edited",
        ini_edited,
        ini_of_the_release,
        touches="inventory",
    ),
    green(
        "rehearsed-otherwise",
        Start.PREFLIGHT,
        GOVERNANCE,
        "rehearsal-old rehearsal-mismatch rehearsal-environment rehearsal-unsigned",
        strike=rehearsed_otherwise,
        repair=called_a_rehearsal,
    ),
    green(
        "predicted-otherwise",
        Start.PREFLIGHT,
        "preflight.clocks",
        "not-as-predicted",
        strike=predicted_otherwise,
        repair=no_rehearsal,
    ),
    green(
        "time-stamps-of-nobody",
        Start.PREFLIGHT,
        GOVERNANCE,
        "timestamp-missing",
        strike=nobody_stamps,
        repair=no_stamps_wanted,
    ),
    green(
        "rehearsed-by-a-stranger",
        Start.PREFLIGHT,
        GOVERNANCE,
        "rehearsal-key-unknown",
        strike=rehearsed_by_a_stranger,
        repair=called_a_rehearsal,
    ),
)
