"""Backup of memories: whole or not at all, proved, on N, and dropped again (G06, G07)."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.errors import RunbookError, Unanswered
from engine.model.change import Temporary
from engine.model.event import Event
from engine.model.finding import Finding, Verdict
from engine.parse.files import file_changes
from engine.record.evidence import StoppedForPerson
from engine.record.memory import ChangeRecord, LedgerEntry
from runbook.to_4_26 import test_72_verification_ocs as verification
from runbook.to_4_26.actions.backup import (
    VERIFIED,
    Beside,
    is_compared,
    memories_backed_up,
    memories_beside,
    memories_beside_dropped,
)
from runbook.to_4_26.memories import dump, follow_up_list, loss
from runbook.to_4_26.memories.capacity import CapacityClass, numbers_of
from runbook.to_4_26.memories.checks import memories_after
from runbook.to_4_26.memories.proof import proof_of, proof_path
from runbook.to_4_26.names import SCRATCH_DATABASE
from runbook.to_4_26.presence import Presence
from tests.actions.ocs_nodes import OTHER, ChangeFailed, Driven, FakeLook, N, Nodes, drive

DUMP = "CREATE TABLE memories;\nINSERT INTO memories VALUES (1);\n-- Dump completed on some day\n"
MACHINES = """\
{"machine": 7, "name": "h", "deviceid": "d", "useragent": null, "lastdate": null,\
 "text_slots": [1], "decorated_slots": []}
"""
# restores what it is given, and answers the statement of the list
MYSQL = f"""
if [[ "$*" == *--raw* ]]; then
  echo "${{*: -1}}" >> $BASE/list.log
  printf %s '{MACHINES}'
else
  echo "$*" >> $BASE/mysql.log
  cat >> $BASE/restored.sql
fi
"""
SSH = """
echo "$*" >> $BASE/ssh.log
case "$*" in
  *agents*) cat "$BASE/pulled-list" ;;
  *) cat "$BASE/pulled" ;;
esac
"""
BACKUP = dump.backup_path("A1")
LIST = follow_up_list.path("A1")
PROOF = proof_path("A1")
PLACES = {"datadir": "/var/lib/mysql", "tmpdir": "/var/lib/tmp:/var/lib/tmp2"}
BEGAN = datetime(2024, 3, 9, 21, 59, 30)


def sums(rows: int, checksum: int) -> list[Mapping[str, Any]]:
    return [{"rows_count": rows, "checksum": checksum}]


@pytest.fixture
def nodes(tmp_path: Path) -> Nodes:
    made = Nodes(tmp_path, N, OTHER)
    for node in (N, OTHER):
        made.path(node, "/var/lib/mysql").mkdir()
        made.path(node, "/var/lib/tmp").mkdir()
    made.program("mysqldump", f"echo \"$*\" >> $BASE/dump.log\nprintf %s '{DUMP}'")
    made.program("mysql", MYSQL)
    made.program("ssh", SSH)
    return made


@pytest.fixture
def look(nodes: Nodes) -> FakeLook:
    made = FakeLook(nodes)
    made.rows = {
        "databases of the asset module": [{"name": "ocsweb"}],
        "size of memories": [{"data": 1000, "indexes": 100, "engine": "InnoDB", **PLACES}],
        "clock of the database": [{"moment": BEGAN}],
        f"rows and checksum of {SCRATCH_DATABASE}.memories": sums(1, 77),
        "restored backup against the live table": [],
        "whole backup beside memories": [],
    }
    return made


def back_up(nodes: Nodes, look: FakeLook) -> Driven:
    return drive(nodes, memories_backed_up, look)


def started_upgrade(look: FakeLook) -> None:
    intent: Event = {"event": "intent", "key": "k", "step": "s", "detached": "upgrade-1"}
    look.memory.changes["k"] = ChangeRecord("k", intent)


def test_a_backup_is_dumped_restored_compared_and_recorded(nodes: Nodes, look: FakeLook) -> None:
    done = back_up(nodes, look)
    file = nodes.path(N, BACKUP)
    assert gzip.decompress(file.read_bytes()).decode() == DUMP
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert (nodes.base / "restored.sql").read_text() == DUMP
    proof = json.loads(nodes.path(N, PROOF).read_text())
    assert proof["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (proof["rows"], proof["checksum"], proof["began"]) == (1, 77, BEGAN.isoformat())
    assert sorted(p.name for p in file.parent.iterdir()) == [
        "ocsweb.agents.json",
        "ocsweb.agents.jsonl.gz",
        "ocsweb.memories.dump.json",
        "ocsweb.memories.json",
        "ocsweb.memories.sql.gz",
    ]
    assert f"gzip -dc {BACKUP} | mysql ocsweb" in str(done.said)
    opened = [t for change in done.changes for t in change.opens]
    closed = [pair for change in done.changes for pair in change.closes]
    assert opened == [Temporary("scratch-schema", SCRATCH_DATABASE, "absent")]
    assert closed == [("scratch-schema", SCRATCH_DATABASE)]
    log = (nodes.base / "mysql.log").read_text()
    # made, filled, marked and dropped outside the binary log
    assert log.count("sql_log_bin = 0") == 4
    assert "--single-transaction" in (nodes.base / "dump.log").read_text()


def test_a_fresh_proved_backup_is_not_taken_again(nodes: Nodes, look: FakeLook) -> None:
    back_up(nodes, look)
    look.clock += timedelta(minutes=59)
    assert "a proved backup is there" in back_up(nodes, look).nothing
    look.clock += timedelta(minutes=2)
    look.rows["clock of the database"] = [{"moment": BEGAN + timedelta(minutes=61)}]
    assert back_up(nodes, look).changes[0].what.startswith("dump ")


def test_the_list_of_machines_lies_beside_the_backup_and_is_on_record(
    nodes: Nodes, look: FakeLook
) -> None:
    back_up(nodes, look)
    file = nodes.path(N, LIST)
    assert gzip.decompress(file.read_bytes()).decode() == MACHINES
    assert file.stat().st_mode & 0o777 == 0o600
    proof = look.ask(N, proof_of("A1"))
    assert proof is not None
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    assert (proof.agents, proof.agents_sha256) == (1, sha256)
    assert look.ask(N, follow_up_list.listed("A1")) == follow_up_list.Listed(
        sha256, 1, proof.sha256
    )
    assert look.ask(N, follow_up_list.is_whole("A1", sha256))
    assert not look.ask(N, follow_up_list.is_whole("A1", "0" * 64))
    (agent,) = follow_up_list.read(file)
    assert (agent.machine, agent.text_slots, agent.decorated_slots) == (7, (1,), ())


@pytest.mark.parametrize("damage", ["gone", "other", "of another dump"])
def test_a_list_that_is_not_that_of_the_backup_is_made_anew(
    nodes: Nodes, look: FakeLook, damage: str
) -> None:
    drive(nodes, memories_backed_up, look, stop_after=3)
    sha256 = hashlib.sha256(nodes.path(N, BACKUP).read_bytes()).hexdigest()
    look.rows["whole backup beside memories"] = [{"sha256": sha256}]
    if damage == "gone":
        nodes.path(N, LIST).unlink()
    elif damage == "other":
        nodes.path(N, LIST).write_bytes(gzip.compress(b""))
    else:
        facts = nodes.path(N, follow_up_list.facts_path("A1"))
        facts.write_text(facts.read_text().replace(sha256, "0" * 64))
    assert [change.what for change in back_up(nodes, look).changes] == [LISTED, RECORDED, DROPPED]
    assert gzip.decompress(nodes.path(N, LIST).read_bytes()).decode() == MACHINES


def test_a_proved_backup_without_its_list_is_taken_anew_while_it_can_be(
    nodes: Nodes, look: FakeLook
) -> None:
    back_up(nodes, look)
    nodes.path(N, LIST).unlink()
    assert LISTED in [change.what for change in back_up(nodes, look).changes]
    nodes.path(N, LIST).unlink()
    started_upgrade(look)
    assert "nothing is backed up any more; the backup is" in back_up(nodes, look).nothing


@pytest.mark.parametrize("program", ["printf '{\"machine\": 1'; exit 1", "kill -KILL $$"])
def test_half_a_list_never_gets_the_final_name(nodes: Nodes, look: FakeLook, program: str) -> None:
    nodes.program("mysql", f'if [[ "$*" == *--raw* ]]; then {program}; else cat > /dev/null; fi')
    with pytest.raises(ChangeFailed, match="list the machines"):
        back_up(nodes, look)
    left = sorted(path.name for path in nodes.path(N, BACKUP).parent.iterdir())
    assert left == ["ocsweb.memories.dump.json", "ocsweb.memories.sql.gz"]


def test_the_record_of_an_earlier_version_has_no_list(nodes: Nodes, look: FakeLook) -> None:
    back_up(nodes, look)
    file = nodes.path(N, PROOF)
    record = json.loads(file.read_text())
    del record["agents"], record["agents_sha256"]
    file.write_text(json.dumps(record))
    proof = look.ask(N, proof_of("A1"))
    assert proof is not None
    assert proof.agents is None


DUMPED, RESTORED, LISTED, RECORDED, DROPPED = (
    "dump ocsweb.memories",
    "restore the backup of memories beside the original",
    "list the machines to follow up",
    "record the proved backup",
    f"drop the scratch schema {SCRATCH_DATABASE}",
)


@pytest.mark.parametrize(
    ("made", "left"),
    [
        (1, [RESTORED, LISTED, RECORDED, DROPPED]),
        (2, [LISTED, RECORDED, DROPPED]),
        (3, [RECORDED, DROPPED]),
        (4, [DROPPED]),
        (5, []),
    ],
)
def test_a_run_that_goes_on_repeats_no_part_of_the_backup(
    nodes: Nodes, look: FakeLook, made: int, left: list[str]
) -> None:
    """As after a kill behind each change: what it left is found, not done again."""
    before = drive(nodes, memories_backed_up, look, stop_after=made)
    if made >= 2:
        look.memory.ledger[dump.SCRATCH] = LedgerEntry(*dump.SCRATCH, "absent", "now")
    if 2 <= made < 5:
        sha256 = hashlib.sha256(nodes.path(N, BACKUP).read_bytes()).hexdigest()
        look.rows["whole backup beside memories"] = [{"sha256": sha256}]
        look.rows["databases of the asset module"] = [
            {"name": "ocsweb"},
            {"name": SCRATCH_DATABASE},
        ]
    after = back_up(nodes, look)
    assert [c.what for c in before.changes] == [DUMPED, RESTORED, LISTED, RECORDED, DROPPED][:made]
    assert [c.what for c in after.changes] == left
    assert look.closed == ([dump.SCRATCH] if made == 5 else [])
    assert json.loads(nodes.path(N, PROOF).read_text())["began"] == BEGAN.isoformat()
    assert len((nodes.base / "dump.log").read_text().splitlines()) == 1
    assert gzip.decompress(nodes.path(N, LIST).read_bytes()).decode() == MACHINES


@pytest.mark.parametrize("damage", ["old", "other", "half-restored"])
def test_what_is_left_of_a_backup_counts_only_when_fresh_and_whole(
    nodes: Nodes, look: FakeLook, damage: str
) -> None:
    drive(nodes, memories_backed_up, look, stop_after=1)
    if damage == "old":
        look.rows["clock of the database"] = [{"moment": BEGAN + timedelta(hours=1)}]
    elif damage == "other":
        nodes.path(N, BACKUP).write_bytes(gzip.compress(b"-- Dump completed"))
    else:
        look.rows["whole backup beside memories"] = [{"sha256": "of another dump"}]
    wanted = [RESTORED, LISTED, RECORDED, DROPPED]
    found = [change.what for change in back_up(nodes, look).changes]
    assert found == (wanted if damage == "half-restored" else [DUMPED, *wanted])


def test_a_dump_that_is_not_like_its_table_is_not_taken_up(nodes: Nodes, look: FakeLook) -> None:
    look.rows["restored backup against the live table"] = [{"why": "unexplained", "rows_count": 1}]
    with pytest.raises(StoppedForPerson):
        back_up(nodes, look)
    look.rows["restored backup against the live table"] = []
    assert back_up(nodes, look).changes[0].what == DUMPED


def test_the_mark_of_a_whole_restore_names_its_dump(nodes: Nodes, look: FakeLook) -> None:
    back_up(nodes, look)
    sha256 = hashlib.sha256(nodes.path(N, BACKUP).read_bytes()).hexdigest()
    calls = (nodes.base / "mysql.log").read_text().splitlines()
    marks = [number for number, call in enumerate(calls) if "restored_whole" in call]
    fills = [number for number, call in enumerate(calls) if "--database=" in call]
    assert f"COMMENT '{sha256}'" in calls[marks[0]]
    assert marks == [fills[0] + 1]


def test_a_restore_that_is_cut_off_bears_no_mark(nodes: Nodes, look: FakeLook) -> None:
    nodes.program("mysql", 'echo "$*" >> $BASE/mysql.log; [[ "$*" != *--database=* ]]')
    with pytest.raises(ChangeFailed, match="restore the backup"):
        back_up(nodes, look)
    assert "restored_whole" not in (nodes.base / "mysql.log").read_text()


def test_a_backup_that_was_changed_is_none(nodes: Nodes, look: FakeLook) -> None:
    back_up(nodes, look)
    with nodes.path(N, BACKUP).open("ab") as file:
        file.write(b"x")
    assert back_up(nodes, look).changes


def test_it_is_never_retaken_once_a_round_has_started(nodes: Nodes, look: FakeLook) -> None:
    started_upgrade(look)
    assert "there is no proved backup" in back_up(nodes, look).nothing


def test_without_the_database_there_is_nothing_to_back_up(nodes: Nodes, look: FakeLook) -> None:
    look.rows["databases of the asset module"] = [{"name": "glpi"}]
    assert "not installed" in back_up(nodes, look).nothing


def test_an_unreachable_database_is_no_missing_one(nodes: Nodes, look: FakeLook) -> None:
    look.rows["databases of the asset module"] = Unanswered(N, "q", "down")
    with pytest.raises(Unanswered):
        back_up(nodes, look)


@pytest.mark.parametrize(
    "program",
    [
        f"printf %s '{DUMP[:30]}'; exit 2",  # killed in the middle
        f"printf %s '{DUMP[:30]}'",  # ended well, and still cut
        "exit 1",
    ],
)
def test_half_a_dump_never_gets_the_final_name(nodes: Nodes, look: FakeLook, program: str) -> None:
    nodes.program("mysqldump", program)
    with pytest.raises(ChangeFailed, match="dump ocsweb"):
        back_up(nodes, look)
    assert list(nodes.path(N, BACKUP).parent.iterdir()) == []


def test_leftovers_of_a_killed_dump_are_removed(nodes: Nodes, look: FakeLook) -> None:
    partial = nodes.path(N, f"{BACKUP}.partial.AbCdEf")
    partial.parent.mkdir(parents=True)
    partial.write_text("half")
    back_up(nodes, look)
    assert not partial.exists()


@pytest.mark.parametrize(
    ("difference", "rows", "proved"),
    [
        ([{"why": "unexplained", "rows_count": 1}], 1, False),
        ([{"why": "rewritten", "rows_count": 9}, {"why": "gone", "rows_count": 1}], 1, True),
        ([{"why": "unexplained", "rows_count": 1}], 0, False),
        # the first inventory of all came after the dump: nothing of it was compared
        ([{"why": "rewritten", "rows_count": 9}], 0, False),
    ],
)
def test_only_what_inventories_explain_may_differ(
    nodes: Nodes, look: FakeLook, difference: list[Mapping[str, Any]], rows: int, proved: bool
) -> None:
    look.rows["restored backup against the live table"] = difference
    look.rows[f"rows and checksum of {SCRATCH_DATABASE}.memories"] = sums(rows, 77)
    if proved:
        back_up(nodes, look)
        assert json.loads(nodes.path(N, PROOF).read_text())["rewritten"] == 10
        return
    with pytest.raises(StoppedForPerson, match="backup-not-proved"):
        back_up(nodes, look)
    assert not nodes.path(N, PROOF).exists()
    assert "DROP DATABASE" in (nodes.base / "mysql.log").read_text().splitlines()[-1]
    assert not nodes.path(N, dump.facts_path("A1")).exists()


def test_a_backup_that_was_not_proved_is_taken_anew(nodes: Nodes, look: FakeLook) -> None:
    """The way on that its remedy names: nothing of the first one is used."""
    look.rows["restored backup against the live table"] = [{"why": "unexplained", "rows_count": 1}]
    with pytest.raises(StoppedForPerson, match="Run again: another backup is taken"):
        back_up(nodes, look)
    look.rows["restored backup against the live table"] = []
    done = back_up(nodes, look)
    assert [change.what.split()[0] for change in done.changes][:2] == ["dump", "restore"]
    assert nodes.path(N, PROOF).exists()


class Accepting:
    """What the step's body says it saw, when everything that it finds is accepted or nothing is."""

    def __init__(self, *, accepts: bool) -> None:
        self.accepts = accepts
        self.blocking: list[Finding] = []
        self.facts: dict[str, Any] = {}

    def answers(self, asked: Any) -> Any:
        self.answered(asked)
        return asked.values

    def answered(self, asked: object) -> bool:
        return True

    def judge(self, findings: list[Finding], *, observed: str, sound: str = "") -> Verdict:
        self.blocking += [] if self.accepts else findings
        return Verdict()

    @property
    def verdict(self) -> Verdict:
        """The step goes on to its end, whatever blocks."""
        return Verdict()

    def remember(self, name: str, **values: Any) -> None:
        self.facts[name] = values


@pytest.mark.parametrize("accepts", [True, False])
@pytest.mark.parametrize("trouble", ["lost", "unlike"])
def test_a_backup_that_is_lost_is_gone_on_without_when_it_is_accepted(
    nodes: Nodes, look: FakeLook, trouble: str, accepts: bool
) -> None:
    """The table is not compared, and nobody says it was; agents are followed up all the same."""
    nodes.program("rpm", "echo ocsinventory-server 1 1 x86_64")
    back_up(nodes, look)
    beside = Beside(unlike="another table" if trouble == "unlike" else "")
    if trouble == "lost":
        nodes.path(N, BACKUP).unlink()
    evidence = Accepting(accepts=accepts)
    there = Presence((N,), frozenset({"ocsweb"}), 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verification, "presence", lambda look: (there, None))
        verification.test_memories(None, beside, look, evidence)  # type: ignore[arg-type]
    assert [f.code for f in evidence.blocking] == ([] if accepts else ["backup-missing"])
    fact = {"moment": BEGAN.isoformat(), "compared": False}
    assert evidence.facts == ({VERIFIED: fact} if accepts else {})
    look.memory.facts.update(evidence.facts)
    assert not is_compared(look.memory)


def test_what_was_lost_is_counted_and_not_judged_once_more(nodes: Nodes, look: FakeLook) -> None:
    """It was asked for before the change: the night does not stop again for the same loss."""
    back_up(nodes, look)
    classes = [("integer", 900), ("text", 60), ("decorated integer", 2), ("blank", 38)]
    look.rows |= {
        "type of memories.CAPACITY": [{"data_type": "int"}],
        "rows of the table and of its backup": [{"saved": 1000, "live": 1000, "rewritten": 0}],
        "whether a row has at most one partner in the backup": [
            {"place": place} for place in ("ocsweb", SCRATCH_DATABASE)
        ],
        "machines with a row that is not that of the backup": [],
        "machines with a row that the backup does not have": [],
        "values of the backup by class": [
            {
                "kind": numbers_of([CapacityClass(kind)]),
                "values_count": count,
                "machines_count": 1,
            }
            for kind, count in classes
        ],
        "decorated integers after the upgrade": [{"total": 2, "kept": 1}],
    }
    seen = memories_after(look, BEGAN)  # type: ignore[arg-type]
    assert seen.findings == []
    assert {one.what: one.count for one in seen.lost if one.count} == {loss.TURNED_INTO_NULL: 61}


def test_zero_rows_are_a_proved_backup_of_zero_rows(nodes: Nodes, look: FakeLook) -> None:
    look.rows[f"rows and checksum of {SCRATCH_DATABASE}.memories"] = [
        {"rows_count": 0, "checksum": None}
    ]
    done = back_up(nodes, look)
    assert str(done.said).startswith("0 rows, ")
    proof = json.loads(nodes.path(N, PROOF).read_text())
    assert (proof["rows"], proof["checksum"], proof["rewritten"]) == (0, 0, 0)
    assert "proved backup is there" in back_up(nodes, look).nothing


def test_without_the_table_there_is_nothing_to_back_up(nodes: Nodes, look: FakeLook) -> None:
    """What an uninstalled module has left; where OCS is installed the preflight blocks."""
    look.rows["size of memories"] = []
    assert "no table ocsweb.memories" in back_up(nodes, look).nothing


def test_room_is_checked_first(nodes: Nodes, look: FakeLook) -> None:
    look.rows["size of memories"] = [{"data": 1 << 60, "indexes": 0, "engine": "InnoDB", **PLACES}]
    with pytest.raises(StoppedForPerson) as stopped:
        back_up(nodes, look)
    assert [(f.code, f.subject) for f in stopped.value.findings] == [
        ("backup-no-room", f"{N}:/var/lib"),
        ("backup-no-room", f"{N}:/var/lib/mysql"),
        ("backup-no-room", "controller"),
    ]
    assert not (nodes.base / "dump.log").exists()
    accepted = ("backup-no-room",)
    assert drive(nodes, memories_backed_up, look, accepted=accepted).changes


def test_room_is_checked_on_n_too_when_the_database_runs_elsewhere(
    nodes: Nodes, look: FakeLook
) -> None:
    look.database_node = OTHER
    nodes.program("df", 'echo "$NODE $*" >> $BASE/df.log; exec /usr/bin/df "$@"')
    (nodes.base / "pulled").symlink_to(nodes.path(OTHER, BACKUP))
    (nodes.base / "pulled-list").symlink_to(nodes.path(OTHER, LIST))
    back_up(nodes, look)
    asked = (nodes.base / "df.log").read_text()
    assert asked.count(f"{OTHER} -P") == 3
    assert asked.count(f"{N} -P") == 1


def test_a_full_controller_stops_before_the_dump(nodes: Nodes, look: FakeLook) -> None:
    look.free_here = 499
    with pytest.raises(StoppedForPerson) as stopped:
        back_up(nodes, look)
    assert [f.subject for f in stopped.value.findings] == ["controller"]
    look.free_here = 500
    assert back_up(nodes, look).changes


def test_the_first_of_several_temporary_directories_is_judged(look: FakeLook) -> None:
    assert look.sql(dump.TABLE_SIZE).tmpdir == "/var/lib/tmp"


def test_a_backup_made_elsewhere_is_copied_to_n(nodes: Nodes, look: FakeLook) -> None:
    look.database_node = OTHER
    (nodes.base / "pulled").symlink_to(nodes.path(OTHER, BACKUP))
    (nodes.base / "pulled-list").symlink_to(nodes.path(OTHER, LIST))
    done = back_up(nodes, look)
    assert [c.node for c in done.changes] == [OTHER, OTHER, OTHER, N, N, N, OTHER]
    for copied in (BACKUP, LIST):
        assert nodes.path(N, copied).read_bytes() == nodes.path(OTHER, copied).read_bytes()
    asked = (nodes.base / "ssh.log").read_text()
    assert f"{OTHER}.neteyelocal cat -- " in asked
    assert "BatchMode=yes" in asked


@pytest.mark.parametrize("database", [N, OTHER])
def test_every_file_that_a_backup_leaves_is_told_by_its_change(
    nodes: Nodes, look: FakeLook, database: str
) -> None:
    """They stood in a sentence of the page, without owner and digest."""
    look.database_node = database
    (nodes.base / "pulled").symlink_to(nodes.path(OTHER, BACKUP))
    (nodes.base / "pulled-list").symlink_to(nodes.path(OTHER, LIST))
    made = [change for change in back_up(nodes, look).changes if change.files]
    left = {
        (node, str(path.relative_to(nodes.base / node)))
        for node in nodes.names
        for path in (nodes.base / node / "var/lib").rglob("*")
        if path.is_file()
    }
    assert {(c.node, file.lstrip("/")) for c in made for file in c.files} == left
    for change in made:  # made once more: the same files, told before and after
        told = file_changes(nodes.run(change.node, change.argv, change.stdin).text)
        assert [one.path for one in told] == list(change.files)
        for one in told:
            assert one.before is not None
            assert one.after is not None
            assert one.after.mode == "0600"
            content = nodes.path(change.node, one.path).read_bytes()
            assert one.after.sha256 == hashlib.sha256(content).hexdigest()


def test_a_copy_that_differs_is_a_failure(nodes: Nodes, look: FakeLook) -> None:
    look.database_node = OTHER
    (nodes.base / "pulled").write_text("something else")
    with pytest.raises(ChangeFailed, match="differs from the original"):
        back_up(nodes, look)
    assert not nodes.path(N, BACKUP).exists()


def test_the_backup_is_restored_beside_for_the_comparison(nodes: Nodes, look: FakeLook) -> None:
    back_up(nodes, look)
    started_upgrade(look)
    done = drive(nodes, memories_beside, look, Beside())
    assert [change.what for change in done.changes] == [
        "restore the backup of memories beside the original"
    ]
    assert (nodes.base / "restored.sql").read_text() == DUMP * 2
    sha256 = hashlib.sha256(nodes.path(N, BACKUP).read_bytes()).hexdigest()
    look.rows["whole backup beside memories"] = [{"sha256": sha256}]
    assert drive(nodes, memories_beside, look, Beside()).changes == []


def test_a_comparison_needs_the_database_on_n(nodes: Nodes, look: FakeLook) -> None:
    back_up(nodes, look)
    look.database_node = OTHER
    with pytest.raises(RunbookError, match="the database runs on"):
        drive(nodes, memories_beside, look, Beside())


def test_a_backup_that_restores_to_something_else_is_told_to_the_step(
    nodes: Nodes, look: FakeLook
) -> None:
    """After the upgrade there is no other one: whether to go on without is for a person."""
    back_up(nodes, look)
    look.rows[f"rows and checksum of {SCRATCH_DATABASE}.memories"] = sums(1, 78)
    beside = Beside()
    assert drive(nodes, memories_beside, look, beside).changes
    assert "1 rows and checksum 78; on record are 1 rows and checksum 77" in beside.unlike


def test_a_backup_replaced_before_the_restore_is_refused(nodes: Nodes, look: FakeLook) -> None:
    back_up(nodes, look)
    generator = memories_beside.generator(look, Beside())
    change = next(generator)
    nodes.path(N, BACKUP).write_bytes(gzip.compress(b"DROP DATABASE ocsweb"))
    answer = nodes.run(change.node, change.argv)
    assert answer.code == 65
    assert (nodes.base / "restored.sql").read_text() == DUMP


def test_nothing_to_compare(nodes: Nodes, look: FakeLook) -> None:
    assert "no proved backup" in drive(nodes, memories_beside, look, Beside()).nothing
    look.memory.facts[VERIFIED] = {"moment": "m", "compared": False}
    assert "no proved backup" in drive(nodes, memories_beside, look, Beside()).nothing
    look.memory.facts[VERIFIED] = {"moment": "m"}
    assert "earlier in this attempt" in drive(nodes, memories_beside, look, Beside()).nothing


def test_the_scratch_schema_is_dropped(nodes: Nodes, look: FakeLook) -> None:
    assert "no scratch schema" in drive(nodes, memories_beside_dropped, look).nothing
    look.memory.ledger[dump.SCRATCH] = LedgerEntry(*dump.SCRATCH, "absent", "now")
    assert "no schema" in drive(nodes, memories_beside_dropped, look).nothing
    assert look.closed == [dump.SCRATCH]
    look.rows["databases of the asset module"] = [{"name": SCRATCH_DATABASE}]
    done = drive(nodes, memories_beside_dropped, look)
    assert done.changes[0].closes == (dump.SCRATCH,)
    assert f"DROP DATABASE IF EXISTS {SCRATCH_DATABASE}" in done.changes[0].argv[-1]
