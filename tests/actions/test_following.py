"""Following up: where the list is taken from, what is said, and when nobody can be judged (G08)."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.errors import RunbookError
from engine.judge.weighing import Judge
from engine.model.ending import Ending
from engine.record.evidence import Evidence
from engine.record.other_runs import Followed
from runbook.to_4_26 import test_50_backup as backup
from runbook.to_4_26 import test_72_verification_ocs as verification
from runbook.to_4_26 import test_97_follow_up as steps
from runbook.to_4_26.actions.backup import VERIFIED
from runbook.to_4_26.follow_up import list_here
from runbook.to_4_26.memories import follow_up_list
from runbook.to_4_26.memories.agents import Slot
from runbook.to_4_26.memories.capacity import ColumnType, column_type
from runbook.to_4_26.severities import SEVERITIES
from tests.actions.test_ocs_followed import LATER, MOMENT, agent, listed, now
from tests.engine import kit

N = kit.N


class Session:
    """What the steps use of a session: N is a directory, the console a list."""

    def __init__(self, base: Path, on_n: Path | None) -> None:
        self.run = kit.make_run(base / "run")
        self.run.judge = Judge(SEVERITIES)
        (self.run.directory / "backups").mkdir(exist_ok=True)
        (self.run.directory / "outputs").mkdir(exist_ok=True)
        self.on_n = on_n
        self.fetched: list[tuple[str, ...]] = []
        self.shown: list[str] = []
        self.console = SimpleNamespace(output=self.shown.append)
        self.left: list[tuple[str, str]] = []
        self.survey = SimpleNamespace(attempt=SimpleNamespace(id="A1"))
        self.commands = {"follow-up": "pytest runbook --follow-up RUN"}

    def fetch(self, node: str, argv: tuple[str, ...], name: str, deadline: float) -> Path:
        self.fetched.append(argv)
        if self.on_n is None:
            raise RunbookError(f"{node}: {name} can't be fetched")
        target = self.run.directory / "backups" / name
        target.write_bytes(self.on_n.read_bytes())
        return target

    def leave_open(self, reason: str, what_to_do: str) -> None:
        self.left.append((reason, what_to_do))


class Look:
    """The database: machine -> what it has now."""

    names = SimpleNamespace(active=N)
    attempt = None

    column: ColumnType | None = ColumnType.INTEGER

    def __init__(self, machines: Mapping[int, Any], **facts: Any) -> None:
        self.machines = machines
        self.memory = SimpleNamespace(facts=facts)

    def sql(self, query: Any) -> Any:
        if query.name == column_type().name:
            return self.column
        return {m: self.machines[m] for m in query.params if m in self.machines}


@pytest.fixture
def their(tmp_path: Path) -> Path:
    """The list in the directory of the run that is followed up."""
    (tmp_path / "theirs" / "backups").mkdir(parents=True)
    agents = [agent(machine) for machine in (1, 2, 3)]
    return listed(tmp_path / "theirs" / "backups" / follow_up_list.FILE, agents)


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def session(tmp_path: Path, their: Path, on_n: Path | None = None, **fact: Any) -> Session:
    made = Session(tmp_path, on_n)
    facts: dict[str, Any] = {VERIFIED: {"moment": MOMENT.isoformat()}}
    if fact:
        facts[follow_up_list.LISTED_FACT] = fact
    made.run.follows = Followed(their.parent.parent, "RUN", "A1", "execute", facts, "")
    return made


def evidence_of(made: Session) -> Evidence:
    return Evidence(made.run, "followup.agents", ("G08",))


def test_the_copy_of_the_run_comes_first(tmp_path: Path, their: Path) -> None:
    made = session(tmp_path, their)
    found = list_here(made, Look({}), "A1", sha256(their), their)  # type: ignore[arg-type]
    assert (found, made.fetched) == (their, [])


@pytest.mark.parametrize("damage", ["gone", "other"])
def test_else_the_one_on_n_is_fetched_once(tmp_path: Path, their: Path, damage: str) -> None:
    on_n = tmp_path / "on-n"
    on_n.write_bytes(their.read_bytes())
    if damage == "gone":
        their.unlink()
    else:
        their.write_bytes(gzip.compress(b""))
    made = session(tmp_path, their, on_n)
    for _ in range(2):
        found = list_here(made, Look({}), "A1", sha256(on_n), their)  # type: ignore[arg-type]
        assert found.read_bytes() == on_n.read_bytes()
    assert made.fetched == [("cat", "--", follow_up_list.path("A1"))]


def test_a_list_on_n_that_is_another_is_none(tmp_path: Path, their: Path) -> None:
    made = session(tmp_path, their, their)
    with pytest.raises(RunbookError, match="is not the one on record"):
        list_here(made, Look({}), "A1", "0" * 64)  # type: ignore[arg-type]


def events(made: Session, kind: str) -> list[Mapping[str, Any]]:
    return [event for event in made.run.journal.events if event["event"] == kind]


def follow_up(made: Session, machines: Mapping[int, Any]) -> Evidence:
    seen = evidence_of(made)
    steps.test_agents(made, Look(machines), seen)  # type: ignore[arg-type]
    return seen


@pytest.mark.parametrize(
    ("column", "code", "said"),
    [
        (ColumnType.TEXT, "capacity-still-text", "the column is text again"),
        (ColumnType.OTHER, "capacity-column", "the column is no integer"),
        (None, "capacity-column", "the column is not there"),
    ],
)
def test_after_a_rollback_nobody_is_followed_up(
    tmp_path: Path, their: Path, column: ColumnType | None, code: str, said: str
) -> None:
    made = session(tmp_path, their, machines=3, sha256=sha256(their))
    look, seen = Look({1: now(1)}), evidence_of(made)
    look.column = column
    with pytest.raises(AssertionError):
        steps.test_agents(made, look, seen)  # type: ignore[arg-type]
    (finding,) = events(made, "finding")
    assert (finding["code"], finding["severity"]) == (code, "block")
    assert f"{said}: the cluster was rolled back since" in finding["observed"]
    assert made.left == []


def test_who_is_left_is_told_everywhere(tmp_path: Path, their: Path) -> None:
    made = session(tmp_path, their, machines=3, sha256=sha256(their))
    seen = follow_up(made, {1: now(1), 2: now(2, values=(Slot(1, 0),), useragent="=1+1")})
    assert seen.blocking == []
    (row,) = events(made, "row")
    assert (row["state"], "1 agent not known, undecided" in row["reason"]) == ("open", True)
    (finding,) = events(made, "finding")
    assert (finding["code"], finding["severity"]) == ("agents-open", "warn")
    ((reason, todo),) = made.left
    assert reason.startswith("1 of 3 machines are left; 3 machines had sent values")
    assert "1 with =1+1 (before: agent 2.1)" in todo
    assert any("1  agent not known, undecided" in line for line in made.shown)
    (attachment,) = events(made, "attachment")
    text = (made.run.directory / attachment["output"]["file"]).read_text()
    assert len(text.splitlines()) == 4
    assert ',"\'=1+1",' in text


def test_when_all_are_well_or_gone_nothing_is_left(tmp_path: Path, their: Path) -> None:
    made = session(tmp_path, their, machines=3, sha256=sha256(their))
    follow_up(made, {1: now(1, lastdate=LATER), 2: now(2)})
    assert [row["state"] for row in events(made, "row")] == ["fulfilled"]
    assert (made.left, events(made, "finding"), made.run.stop) == ([], [], None)


def test_an_empty_list_asks_nobody(tmp_path: Path, their: Path) -> None:
    made = session(tmp_path, their, machines=0, sha256="whatever")
    for function in (steps.test_list, steps.test_agents):
        seen = evidence_of(made)
        function(made, Look({}), seen)  # type: ignore[arg-type]
        assert seen.outcome == "not needed"
    assert made.fetched == []


@pytest.mark.parametrize("case", ["not on record", "lost"])
def test_without_the_list_nobody_is_taken_for_well(tmp_path: Path, their: Path, case: str) -> None:
    fact = {} if case == "not on record" else {"machines": 3, "sha256": sha256(their)}
    made = session(tmp_path, their, **fact)
    their.unlink()
    seen = evidence_of(made)
    with pytest.raises(AssertionError, match="agents-list-missing"):
        steps.test_list(made, Look({}), seen)  # type: ignore[arg-type]
    assert [finding.code for finding in seen.blocking] == ["agents-list-missing"]
    assert made.run.stop is None or made.run.stop.ending is Ending.BLOCKED


def test_a_list_that_can_not_be_read_is_no_verdict(tmp_path: Path, their: Path) -> None:
    their.write_bytes(gzip.compress(json.dumps({"machine": 1}).encode()))
    made = session(tmp_path, their, machines=1, sha256=sha256(their))
    with pytest.raises(RunbookError, match="can't be read"):
        follow_up(made, {})
    assert events(made, "row") == []
    assert list((made.run.directory / "outputs").iterdir()) == []


FIRST = verification.test_agents


def first_look(made: Session, their: Path, machines: Mapping[int, Any]) -> Mapping[str, Any]:
    """The row of the upgrade's own look."""
    facts = {
        follow_up_list.LISTED_FACT: {"machines": 3, "sha256": sha256(their)},
        VERIFIED: {"moment": MOMENT.isoformat()},
    }
    FIRST(made, Look(machines, **facts), evidence_of(made))  # type: ignore[arg-type]
    (row,) = events(made, "row")
    return row


def test_the_first_look_says_what_to_type_days_later(tmp_path: Path, their: Path) -> None:
    row = first_look(session(tmp_path, their, their), their, {1: now(1, lastdate=MOMENT)})
    assert row["state"] == "open"
    assert row["reason"].endswith("some days from now: pytest runbook --follow-up RUN")


@pytest.mark.parametrize("trouble", ["lost", "damaged", "garbage"])
def test_a_list_that_is_lost_locks_nobody_out_of_a_half_upgraded_cluster(
    tmp_path: Path, their: Path, trouble: str
) -> None:
    on_n = {"lost": None, "damaged": tmp_path / "on-n", "garbage": their}[trouble]
    (tmp_path / "on-n").write_bytes(gzip.compress(b"other"))
    if trouble == "garbage":
        their.write_bytes(b"no list")
    made = session(tmp_path, their, on_n)
    row = first_look(made, their, {})
    assert row["state"] == "open"
    assert "Bring the list back, then: pytest runbook --follow-up RUN" in row["reason"]
    assert made.run.stop is None


@pytest.mark.parametrize(
    ("content", "machines"),
    [([agent(1), agent(2)], 2), ([], 0), (None, None)],
)
def test_only_a_list_that_can_be_read_is_put_on_record(
    tmp_path: Path, content: list[Any] | None, machines: int | None
) -> None:
    """Fetched with the backup, read once: before the first round nothing depends on it."""
    on_n = tmp_path / "on-n"
    if content is None:
        on_n.write_bytes(gzip.compress(b"no json"))
    else:
        listed(on_n, content)
    made, look = Session(tmp_path, on_n), Look({})
    look.ask = lambda node, query: True  # type: ignore[attr-defined]
    proof = SimpleNamespace(agents_sha256=sha256(on_n))
    backup._fetch_list(made, look, evidence_of(made), proof)  # type: ignore[arg-type]
    facts = [(event["name"], event["machines"]) for event in events(made, "fact")]
    assert facts == ([] if machines is None else [(follow_up_list.LISTED_FACT, machines)])
    assert events(made, "note")
