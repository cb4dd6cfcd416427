"""The matrix's own parts: edges and their states, the trap, what two end states have in common."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from engine.waiting import poll
from tests.integration.invocation import ROOT
from tests.matrix import reference, worker
from tests.matrix.clones import kill_left_behind
from tests.matrix.edges import (
    EDGES,
    Edge,
    Made,
    Point,
    as_list,
    changes_of,
    edges,
    first_keys,
    problem,
    read_changes,
    short_name,
)
from tests.matrix.endstate import EndState, anonymous, configuration, plain, rewritten
from tests.matrix.kind import NIGHTS
from tests.matrix.nights import nights
from tests.matrix.worker import Worker
from tests.proving.choice import Shard, rotated

NODE = "neteye01.neteyelocal"
CHANGES = [
    Made("update.run#1", True),
    Made("update.fencing#1", False),
    Made("backup.proved#1", False),
    Made("backup.proved#2", False),
    Made("upgrade.run[1]#1", True),
    Made(f"migration.files[1][{NODE}]#1", False),
    Made("verification.scratch#1", False),
    Made("reactivation.unstandby#1", False),
    Made("reactivation.fencing#1", False),
]


def test_every_change_has_every_point() -> None:
    found = [(edge.key, edge.point) for edge in edges(CHANGES)]
    assert len(found) == len(set(found)) == 4 * len(CHANGES) + 2
    detached = [point for key, point in found if key == "update.run#1"]
    assert detached == list(Point)
    assert Point.RUNNING not in [point for key, point in found if key == "backup.proved#1"]


def test_a_change_starts_from_the_last_state_before_it() -> None:
    states = {edge.key: edge.state for edge in edges(CHANGES)}
    assert list(states.values()) == [
        *("start", "start"),
        *("before-round-1", "before-round-1", "before-round-1"),
        *("planned-stop", "planned-stop"),
        *("before-reactivation", "before-reactivation"),
    ]
    assert first_keys(CHANGES) == {
        "before-round-1": "backup.proved#1",
        "planned-stop": f"migration.files[1][{NODE}]#1",
        "before-reactivation": "reactivation.unstandby#1",
    }


def test_a_run_without_one_of_the_phases_is_no_reference() -> None:
    with pytest.raises(ValueError, match="no change of migration"):
        edges([change for change in CHANGES if not change.key.startswith("migration")])


def test_names_are_safe_and_tell_edges_apart() -> None:
    names = [edge.name for edge in edges(CHANGES)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9.-]+", name) for name in names)
    assert short_name(f"migration.files[1][{NODE}]#3") == "migration.files-1-neteye01-no3"


def test_half_of_the_edges_resume_elsewhere() -> None:
    many = [Edge(f"step#{n}", point, "start") for n in range(50) for point in Point]
    elsewhere = sum(edge.resumes_elsewhere for edge in many)
    assert 0.35 < elsewhere / len(many) < 0.65


def test_shards_and_rotation_have_every_edge() -> None:
    names = [edge.name for edge in edges(CHANGES)]
    assert sorted(n for k in range(1, 7) for n in Shard(k, 6).pick(names)) == sorted(names)
    assert {n for k in range(300) for n in rotated(names, 3, str(k))} == set(names)


@pytest.mark.parametrize("kills", [1, 2, 3, 5])
def test_the_nights_have_every_edge_once_and_in_order(kills: int) -> None:
    every = edges(CHANGES)
    found = nights(every, kills)
    assert sorted(e.name for night in found for e in night.edges) == sorted(e.name for e in every)
    assert max(len(night.edges) for night in found) == kills
    assert len({night.name for night in found}) == len(found)
    for night in found:
        places = [every.index(edge) for edge in night.edges]
        assert places == sorted(places)
        assert len({edge.key for edge in night.edges}) == len(night.edges)
        assert night.state == night.edges[0].state


def test_the_nights_of_the_real_run_have_every_edge() -> None:
    for night in NIGHTS.values():
        assert len({edge.key for edge in night.edges}) == len(night.edges)
    assert sum(len(night.edges) for night in NIGHTS.values()) == len(EDGES)


def test_the_changes_are_those_of_the_journal() -> None:
    events = [
        {"event": "observation"},
        {"event": "intent", "key": "update.run#1", "detached": "update-1"},
        {"event": "result", "key": "update.run#1"},
        {"event": "intent", "key": "update.fencing#1", "detached": None},
    ]
    assert changes_of(events) == CHANGES[:2]


INTENT, RESULT, PROGRESS = (
    {"event": what, "key": "a#1"} for what in ("intent", "result", "progress")
)


@pytest.mark.parametrize(
    ("point", "right"),
    [
        (Point.BEFORE_INTENT, []),
        (Point.AFTER_INTENT, [INTENT]),
        (Point.RUNNING, [INTENT]),
        (Point.AFTER_EFFECT, [INTENT]),
        (Point.AFTER_RESULT, [INTENT, RESULT]),
    ],
)
def test_a_journal_tells_whether_the_run_was_killed_there(
    point: Point, right: list[dict[str, str]]
) -> None:
    edge = Edge("a#1", point, "start")
    for seen in ([], [INTENT], [INTENT, RESULT]):
        other = {"event": "intent", "key": "b#1"}
        assert (problem(edge, [other, *seen], "N") is None) is (seen == right)
        looked = [*seen[:1], *(PROGRESS for _ in seen[:1]), *seen[1:]]
        assert (problem(edge, [other, *looked], "N") is None) is (seen == right)


_VICTIM = """
import os, sys, types
applier, detached = types.ModuleType("engine.act.applier"), types.ModuleType("engine.act.detached")
class Applier:
    def _intent(self, step, key, change): print("intent", key, flush=True)
    def _result(self, key, change, outcome): print("result", key, flush=True)
class Seen:
    alive, size = True, 5
class Follower:
    def _look(self, offset):
        print("look", flush=True)
        return Seen()
applier.Applier, detached.Follower = Applier, Follower
engine, act = types.ModuleType("engine"), types.ModuleType("engine.act")
engine.act, act.applier, act.detached = act, applier, detached
sys.modules.update({m.__name__: m for m in (engine, act, applier, detached)})
from tests.matrix import kill
kill.pytest_sessionstart()
for key in ("a#1", "b#1"):
    Applier()._intent("step", key, None)
    Follower()._look(0)
    print("effect", key, flush=True)
    Applier()._result(key, change=None, outcome="ok")
"""


@pytest.mark.parametrize(
    ("point", "last"),
    [
        (Point.BEFORE_INTENT, "result a#1"),
        (Point.AFTER_INTENT, "intent b#1"),
        (Point.RUNNING, "look"),
        (Point.AFTER_EFFECT, "effect b#1"),
        (Point.AFTER_RESULT, "result b#1"),
    ],
)
def test_the_trap_kills_the_whole_process_group_there(
    tmp_path: Path, point: Point, last: str
) -> None:
    from tests.matrix import kill

    witness = tmp_path / "witness"
    done = subprocess.run(
        [sys.executable, "-c", _VICTIM],
        env={**os.environ, "PYTHONPATH": str(ROOT), **kill.environment("b#1", point, witness)},
        start_new_session=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert done.stdout.splitlines()[-1] == last
    assert witness.read_text().split() == ["b#1", point.value]


def test_what_a_killed_run_leaves_in_other_sessions_is_ended() -> None:
    inventory = Path(f"/nowhere/{os.getpid()}/inventory.ini")
    own = {**os.environ, "MATRIX_INVENTORY": str(inventory)}
    left = subprocess.Popen(["sleep", "60"], env=own, start_new_session=True)
    # Popen comes back when exec closes its pipe, a moment before /proc has the new environment
    seen = Path(f"/proc/{left.pid}/environ")
    assert poll(seen.read_bytes, lambda text: os.fsencode(inventory) in text, deadline=30)
    kill_left_behind(inventory)
    assert left.wait(timeout=10) == -signal.SIGKILL


def test_end_states_differ_line_by_line() -> None:
    one = EndState({"node n": "a\nb\nb", "ocs": "400"})
    two = EndState({"node n": "a\nb\nc", "ocs": "400"})
    assert one.differences(one) == []
    assert one.differences(two) == ["node n: missing: b", "node n: more: c"]
    assert EndState.from_json(one.to_json()) == one


def test_the_end_of_an_undisturbed_run_is_made_once_for_a_state_of_the_code(tmp_path: Path) -> None:
    made: list[EndState] = []
    project = tmp_path / "project"
    (project / "engine").mkdir(parents=True)
    (project / "engine" / "a.py").write_text("1")

    def make() -> EndState:
        made.append(EndState({"ocs": "400"}))
        return made[-1]

    def fails() -> EndState:
        raise ZeroDivisionError

    assert reference.end_of_undisturbed(make, project, tmp_path) == EndState({"ocs": "400"})
    assert reference.end_of_undisturbed(make, project, tmp_path) == made[0]
    assert len(made) == 1
    with pytest.raises(ZeroDivisionError):
        reference.end_of_undisturbed(fails, project, tmp_path / "other")
    assert reference.end_of_undisturbed(make, project, tmp_path / "other") == made[1]
    (project / "engine" / "a.py").write_text("2")
    assert reference.end_of_undisturbed(make, project, tmp_path) == made[2]


def test_an_undisturbed_run_makes_the_changes_of_the_list() -> None:
    reference.check(CHANGES, CHANGES)
    told = r"more: reactivation.fencing#1; missing: gone#1.* correct the list"
    with pytest.raises(RuntimeError, match=told):
        reference.check(CHANGES, [*CHANGES[:-1], Made("gone#1", False)])


def test_the_list_is_read_as_it_is_written() -> None:
    assert read_changes(as_list(CHANGES)) == CHANGES
    assert "update.run#1 detached\nupdate.fencing#1\n" in as_list(CHANGES)


def test_a_state_is_made_when_it_pays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Worker("matrix-test", str)
    saved: list[str] = []
    done: list[str] = []
    monkeypatch.setattr(worker.saved, "labels", lambda place: saved)
    monkeypatch.setattr(
        worker.rehearsal_cluster, "load", lambda name, label, say: done.append(f"load {label}")
    )
    monkeypatch.setattr(made, "_to_start", lambda: done.append("start"))
    monkeypatch.setattr(made, "_make", lambda state: (saved.append(state), done.append("make")))
    made.__dict__["clones"] = ()
    states = [made.bring_to("planned-stop") for _ in range(worker.PAYS + 1)]
    firsts = worker.PAYS - 1
    assert states == [*["start"] * firsts, "planned-stop", "planned-stop"]
    assert done == [*["start"] * firsts, "make", "load planned-stop"]
    assert made.bring_to("start") == "start"


def test_clusters_of_other_names_and_addresses_end_alike() -> None:
    text = "  ip: 10.125.%d.102, cluster %s, 10.125.%d.11"
    one = anonymous(text % (27, "it12-matrixa", 27), "it12-matrixa", IPv4Network("10.125.27.0/24"))
    two = anonymous(text % (31, "it12-matrixb", 31), "it12-matrixb", IPv4Network("10.125.31.0/24"))
    assert one == two == "  ip: NETWORK.102, cluster CLUSTER, NETWORK.11"


def test_days_attempts_and_checksums_of_dumps_do_not_count() -> None:
    one = "schemas: mysql COMMENT '" + "a" * 64 + "'\nx.conf.23112026.bak\nattempts/1-a/x"
    two = "schemas: mysql COMMENT '" + "b" * 64 + "'\nx.conf.24112026.bak\nattempts/2-b/x"
    assert plain(one) == plain(two)
    assert plain(f"{'a' * 64}  /etc/x") != plain(f"{'b' * 64}  /etc/x")


def test_of_pacemakers_configuration_only_versions_and_empty_blocks_do_not_count() -> None:
    def cib(nodes: str, epoch: int = 1) -> str:
        return f'<cib epoch="{epoch}"><configuration><nodes>{nodes}</nodes></configuration></cib>'

    plain_node = cib('<node id="1" uname="n"/>')
    emptied = cib('<node id="1" uname="n"><instance_attributes id="nodes-1"/></node>', 7)
    standby = cib(
        '<node id="1" uname="n"><instance_attributes id="nodes-1">'
        '<nvpair id="nodes-1-standby" name="standby" value="on"/></instance_attributes></node>'
    )
    assert configuration(plain_node) == configuration(emptied)
    assert configuration(plain_node) != configuration(standby)


def test_a_file_written_again_with_its_content_is_found() -> None:
    before = {"n:/a": ("1 10.0", "x"), "n:/b": ("2 10.0", "x"), "n:/gone": ("3 10.0", "x")}
    after = {"n:/a": ("9 12.0", "x"), "n:/b": ("9 12.0", "y"), "n:/new": ("4 12.0", "x")}
    assert rewritten(before, before) == []
    assert rewritten(before, after) == ["n:/a"]
