"""Simple facts that steps ask by testinfra's host, and what is found when one does not hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.act.driving import Applied
from engine.ask.host import Host
from engine.model.change import Change
from engine.model.finding import Finding, Verdict
from engine.record.memory import ChangeRecord, Memory
from runbook.cluster import checks, product
from runbook.phases import test_10_preflight as preflight
from runbook.to_4_26 import failover_record, presence
from runbook.to_4_26 import test_50_backup as backup
from runbook.to_4_26 import test_61_migration as migration
from runbook.to_4_26 import test_72_verification_ocs as verification
from runbook.to_4_26.failover_record import CONSTRAINT
from runbook.to_4_26.memories.proof import Proof, proof_of
from runbook.to_4_26.names import CONF_FILES, CREDENTIALS
from tests.actions.ocs_nodes import OTHER, FakeLook, N, Nodes
from tests.engine import kit

SHOW = "Id={}\nLoadState=loaded\nActiveState={}\nUnitFileState={}\n"
MADE = Applied((Change("made", N, ("true",), 1.0),))
BY_AN_EARLIER_RUN = Applied(reason="nothing is to be done any more")


class Told:
    """Keeps the findings."""

    def __init__(self) -> None:
        self.codes: list[tuple[str, str]] = []
        self.blocking: list[Finding] = []
        self.made: list[ChangeRecord] = []

    def answers(self, asked: Any) -> Any:
        self.answered(asked)
        return asked.values

    def answered(self, asked: Any) -> bool:
        assert not asked.unanswered
        return True

    def judge(self, findings: Any, *, observed: str, **_: Any) -> Verdict:
        self.codes += [(finding.code, finding.subject) for finding in findings]
        return Verdict()

    @property
    def verdict(self) -> Verdict:
        return Verdict()

    def attach(self, name: str, text: str) -> None:
        """Not looked at here."""

    def note(self, text: str) -> None:
        """Not looked at here."""

    def remember(self, name: str, **values: Any) -> None:
        """Not looked at here."""


@pytest.fixture
def nodes(tmp_path: Path) -> Nodes:
    return Nodes(tmp_path, N, OTHER)


@pytest.fixture
def look(nodes: Nodes) -> FakeLook:
    found = FakeLook(nodes)
    found.memory = Memory()
    return found


def found(body: Callable[[Told], object]) -> list[tuple[str, str]]:
    told = Told()
    body(told)
    return told.codes


def units(nodes: Nodes, states: Mapping[str, str]) -> None:
    """Units and how they are, `active enabled`; all others are not there."""
    cases = "".join(
        f"{unit}) printf '{SHOW.format(unit, *state.split())}';;\n"
        for unit, state in states.items()
    )
    gone = "printf 'Id=%s\\nLoadState=not-found\\nActiveState=inactive\\nUnitFileState=\\n' \"$4\""
    nodes.program("systemctl", f'case "$4" in\n{cases}*) {gone};;\nesac')


def clocks(look: FakeLook, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    monkeypatch.setattr(preflight.places, "is_ahead", lambda look: True)
    monkeypatch.setattr(preflight.machine, "clock_difference", lambda *_: ())
    return found(lambda told: preflight.test_clocks(look, told))  # type: ignore[arg-type]


def test_a_clock_that_nothing_keeps(
    nodes: Nodes, look: FakeLook, monkeypatch: pytest.MonkeyPatch
) -> None:
    units(nodes, {"chronyd.service": "active enabled"})
    assert clocks(look, monkeypatch) == []
    units(nodes, {"chronyd.service": "failed enabled"})
    nodes.program("ps", f'[ "$NODE" = {N} ] && echo " 7 1 ntp ntpd" || echo " 7 1 root sshd"')
    assert clocks(look, monkeypatch) == [("clock-unkept", OTHER)]


def test_a_timer_that_installs_updates(
    nodes: Nodes, look: FakeLook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks.machine, "no_command_running", lambda *_: ())
    units(nodes, {product.UPDATE_TIMERS[1]: "active disabled"})
    codes = found(lambda told: checks.no_command_runs(look, told))  # type: ignore[arg-type]
    assert codes == [("updates-automatic", N), ("updates-automatic", OTHER)]


def test_a_file_system_that_went_read_only(look: FakeLook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.machine, "disk_space", lambda *_: ())
    monkeypatch.setattr(Host, "mount_point", lambda host, path: SimpleNamespace(
        options=["ro", "relatime"] if (host.node, path) == (OTHER, "/var") else ["rw"]
    ))  # fmt: skip
    codes = found(lambda told: checks.there_is_room(look, told))  # type: ignore[arg-type]
    assert codes == [("filesystem-read-only", f"{OTHER}:/var")]


def recorded(*changes: str) -> list[ChangeRecord]:
    """What is on record of a step, by this run or an earlier one."""
    return [ChangeRecord(what, kit.intent(what=what), kit.result()) for what in changes]


EITHER_RUN = pytest.mark.parametrize("applied", [MADE, BY_AN_EARLIER_RUN], ids=["this", "earlier"])


@EITHER_RUN
def test_a_credentials_file_that_others_read(
    nodes: Nodes, look: FakeLook, applied: Applied
) -> None:
    """Written by this run or an earlier one, it is looked at in each."""

    def body(told: Told) -> None:
        told.made = recorded("write the credentials file")
        migration.test_credentials(applied, 1, OTHER, look, told)  # type: ignore[arg-type]

    nodes.put(N, CREDENTIALS, "A=b\n", 0o600)
    assert found(body) == []
    nodes.put(N, CREDENTIALS, "A=b\n", 0o640)
    assert found(body) == [("file-open", f"{N}:{CREDENTIALS}")]
    nodes.path(N, CREDENTIALS).unlink()
    assert found(body) == []


KEPT = {path: f"{path}.09032024.bak" for path in CONF_FILES}


def files_step(look: FakeLook, applied: Applied, *changes: str) -> list[tuple[str, str]]:
    def body(told: Told) -> None:
        told.made = recorded(*changes)
        migration.test_files(applied, 1, OTHER, look, look.host(OTHER), told)  # type: ignore[arg-type]

    look.release = SimpleNamespace(known_conflicts=frozenset())
    return found(body)


@EITHER_RUN
def test_a_migrated_file_with_another_mode(
    nodes: Nodes, look: FakeLook, monkeypatch: pytest.MonkeyPatch, applied: Applied
) -> None:
    """Its mode is compared in each run, with that of the backup that the migration made."""
    monkeypatch.setattr(migration, "_attach_what_changed", lambda *_: None)
    keep = [f"keep {path} as {old}" for path, old in KEPT.items()]
    for path, old in KEPT.items():
        nodes.put(OTHER, old, "old\n", 0o640)
        nodes.put(OTHER, path, "new\n", 0o640)
        # somebody keeps what is to be mended
        nodes.put(OTHER, f"{path}.28112024.bak", "new\n", 0o600)
    assert files_step(look, applied, *keep) == []
    nodes.path(OTHER, CONF_FILES[1]).chmod(0o600)
    expected = [("file-owner-changed", f"{OTHER}:{CONF_FILES[1]}")]
    assert files_step(look, applied, *keep) == expected
    assert files_step(look, applied) == [], "another node's, or one migrated by hand"
    look.memory.closed = True
    assert files_step(look, applied, *keep) == [], "it was judged before the attempt was closed"


def test_how_a_file_is_and_how_it_was(nodes: Nodes, look: FakeLook) -> None:
    nodes.put(OTHER, KEPT[CONF_FILES[1]], "old\n", 0o640)
    nodes.put(OTHER, CONF_FILES[1], "new\n", 0o600)
    # of the other one there is no backup any more: how it was nobody knows
    (finding,) = migration._owners_changed(look.host(OTHER), KEPT)
    assert (finding.observed[:15], finding.expected[:15]) == ("root root 0600 ", "root root 0640,")


@EITHER_RUN
def test_what_the_migration_left_is_judged_until_the_next_round_begins(
    nodes: Nodes, look: FakeLook, monkeypatch: pytest.MonkeyPatch, applied: Applied
) -> None:
    monkeypatch.setattr(migration, "_attach_what_changed", lambda *_: None)
    nodes.program("find", f"printf '{CONF_FILES[0]}.rpmnew\\0'")
    expected = [("rpmnew-foreign", f"{OTHER}:{CONF_FILES[0]}.rpmnew")]
    monkeypatch.setattr(migration.leftovers, "attach_diffs", lambda *_: None)
    for number, codes in ((1, expected), (2, [])):
        look.memory.add(kit.intent(f"upgrade.run[{number}]", detached=f"upgrade-{number}"))
        assert files_step(look, applied, "replace") == codes


@EITHER_RUN
def test_a_backup_that_others_read(nodes: Nodes, look: FakeLook, monkeypatch: pytest.MonkeyPatch,
                                   applied: Applied) -> None:  # fmt: skip
    proof = Proof("/var/lib/memories.sql.gz", "a" * 64, 1, 1, 1, "b", "t", N, 0)
    monkeypatch.setattr(backup, "presence", lambda look: (None, SimpleNamespace(unanswered={})))
    monkeypatch.setattr(backup, "no_memories", lambda look, there: "")
    monkeypatch.setattr(look, "ask", _proved(look.ask, proof))

    def body(told: Told) -> None:
        backup.test_backup(applied, look, look.host(N), told)  # type: ignore[arg-type]

    nodes.put(N, proof.file, "x", 0o600)
    assert found(body) == []
    nodes.put(N, proof.file, "x", 0o644)
    assert found(body) == [("file-open", f"{N}:{proof.file}")]


def _proved(ask: Callable[..., Any], proof: Any) -> Callable[..., Any]:
    def asked(node: str, query: Any) -> Any:
        return proof if query.name == proof_of("A1").name else ask(node, query)

    return asked


@pytest.mark.parametrize(
    ("mounts", "sockets", "state", "expected"),
    [
        ("/dev/d /neteye/shared/httpd ext4 rw 0 0", "*:443", "active disabled", []),
        ("/dev/d / ext4 rw 0 0", "[::]:80", "active static", ["not-mounted"]),
        ("/dev/d /neteye/shared/httpd ext4 rw 0 0", "*:22", "active static", ["not-listening"]),
        ("/dev/d /neteye/shared/httpd ext4 rw 0 0", "*:80", "active enabled", ["service-enabled"]),
    ],
)
def test_httpd_where_it_runs(
    nodes: Nodes,
    look: FakeLook,
    monkeypatch: pytest.MonkeyPatch,
    mounts: str,
    sockets: str,
    state: str,
    expected: list[str],
) -> None:
    monkeypatch.setattr(verification, "httpd_node", lambda look: N)
    monkeypatch.setattr(look, "cluster_status", lambda: SimpleNamespace(resource=lambda _: "there"))
    units(nodes, {"httpd.service": state})
    nodes.program("cat", f"echo '{mounts}'")
    nodes.program("ss", f"echo State; echo 'LISTEN 0 5 {sockets} *:*'")
    codes = found(lambda told: verification.test_httpd(MADE, look, told))  # type: ignore[arg-type]
    assert list(dict.fromkeys(code for code, _ in codes)) == expected


def test_httpd_that_an_earlier_run_has_moved_is_not_looked_for_on_n(
    nodes: Nodes, look: FakeLook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be on no node now: failover.back and failover.proof tell so."""
    monkeypatch.setattr(verification, "httpd_node", lambda look: N)
    monkeypatch.setattr(look, "cluster_status", lambda: SimpleNamespace(resource=lambda _: "there"))
    nodes.program("ss", "echo State")
    units(nodes, {})
    opened = {"kind": "constraint", "subject": CONSTRAINT, "former": "absent"}
    look.memory.add(kit.intent("failover.httpd[x]", opens=[opened]))
    assert failover_record.is_under_way(look.memory)
    codes = found(lambda told: verification.test_httpd(MADE, look, told))  # type: ignore[arg-type]
    assert codes == []


def test_the_module_is_where_its_package_is(nodes: Nodes, look: FakeLook) -> None:
    nodes.program("rpm", f'[ "$NODE" = {N} ] || {{ echo "package x is not installed"; exit 1; }}')
    look.rows["databases of the asset module"] = []
    there, asked = presence.presence(look)  # type: ignore[arg-type]
    assert there.nodes == (N,)
    assert asked.question == "package ocsinventory-server"
