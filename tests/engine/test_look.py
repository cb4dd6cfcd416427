"""Asking: every answer is evidence, a missing one is said to be missing, a secret is not kept."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.ask.look import Look
from engine.errors import NO_SOCKETS, OUT_OF_REACH, ParseError, Unanswered
from engine.model.answer import Answer, Lost, LostKind
from engine.model.names import names_of
from engine.model.query import Query, SqlQuery, of_text
from engine.queries.machine import processes
from engine.queries.pacemaker import STATUS
from engine.record.run import Run
from engine.secrets import Secret
from tests.engine import kit
from tests.engine.mysqld import Mysqld, serving
from tests.engine.scripted import FakeTransport, said
from tests.parse.topology import crm_mon

NUMBER: Query[int] = Query("a number", ("number",), of_text(int))
SECRET: Query[Secret] = Query("a secret", ("secret",), lambda a: Secret(a.text), secret=True)


def strict(answer: Any) -> int:
    if answer.text != "7":
        raise ParseError("number", "line 1", f"is {answer.text!r}, expected 7")
    return 7


STRICT: Query[int] = Query("a strict number", ("number",), strict)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return kit.make_run(tmp_path)


def look(run: Run, answers: Mapping[Any, Any]) -> Look:
    return Look(run, FakeTransport(answers), names_of(run.inventory, None))


def observations(run: Run) -> list[Mapping[str, Any]]:
    return [event for event in run.journal if event["event"] == "observation"]


def test_an_answer_is_parsed_and_recorded(run: Run) -> None:
    assert look(run, {(kit.N, ("number",)): said("7", stderr="odd")}).ask(kit.N, NUMBER) == 7
    (seen,) = observations(run)
    assert (seen["node"], seen["question"], seen["command"]) == (kit.N, "a number", "number")
    assert (seen["code"], seen["step"]) == (0, "phase.step")
    assert seen["output"]["text"] == "7\n[stderr] odd"


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (kit.unreachable(kit.SECOND), "no route to host"),
        (kit.lost_connection(kit.SECOND), "the connection was lost"),
        (said("7", code=1, stderr="permission denied"), "exit code 1 is no answer.*permission"),
        (said("seven"), "the answer can't be read"),
        (Answer(0, b"7", b"", 0.0, truncated=True), "longer than 64 MiB and was cut off"),
    ],
)
def test_what_is_no_answer_is_unanswered_and_recorded_with_its_problem(
    run: Run, reply: Any, why: str
) -> None:
    with pytest.raises(Unanswered, match=why) as caught:
        look(run, {(kit.SECOND, ("number",)): reply}).ask(kit.SECOND, NUMBER)
    assert (caught.value.node, caught.value.question) == (kit.SECOND, "a number")
    assert observations(run)[0]["problem"]


def test_an_answer_of_another_form_names_where(run: Run) -> None:
    with pytest.raises(Unanswered, match="number: line 1: is '8', expected 7"):
        look(run, {(kit.N, ("number",)): said("8")}).ask(kit.N, STRICT)


def test_other_codes_can_be_answers(run: Run) -> None:
    query: Query[bool] = Query("x", ("test",), lambda a: a.code == 0, ok_codes=(0, 1))
    assert look(run, {(kit.N, ("test",)): said(code=1)}).ask(kit.N, query) is False


@pytest.mark.parametrize("code", [0, 9])
def test_a_secret_answer_is_never_recorded(run: Run, tmp_path: Path, code: int) -> None:
    door = look(run, {(kit.N, ("secret",)): said("hunter22", code=code, stderr="hunter22")})
    try:
        assert door.ask(kit.N, SECRET) == Secret("hunter22")
    except Unanswered as error:
        assert "hunter22" not in str(error)  # noqa: PT017
    assert observations(run)[0]["output"] == {"text": "(not recorded: secret)"}
    for path in (p for p in tmp_path.rglob("*") if p.is_file()):
        assert "hunter22" not in path.read_text()


PROCESSES = processes(("neteye update", "dnf update"))
PS = """      1 /sbin/init splash
     77 mysqldump -uroot -phunter22 --all-databases
     78 /usr/bin/sshpass -p hunter22 ssh n2
     79 curl -u neteye:hunter22 https://n2
     80 /bin/bash /usr/sbin/neteye update --assumeyes
     83 /usr/libexec/platform-python /usr/bin/dnf -y --setopt=password=hunter22 update
     81 hunter22=x
     82 [kworker/0:1]
"""


@pytest.mark.parametrize("code", [0, 1])
def test_of_other_peoples_commands_the_arguments_are_not_recorded(
    run: Run, tmp_path: Path, code: int
) -> None:
    door = look(run, {(kit.N, PROCESSES.argv): said(PS, code=code, stderr="hunter22")})
    with contextlib.suppress(Unanswered):
        assert door.ask(kit.N, PROCESSES)[1].command.startswith("mysqldump -uroot -phunter22")
    for path in (p for p in tmp_path.rglob("*") if p.is_file()):
        assert "hunter22" not in path.read_text()
    if code == 0:
        lines = observations(run)[0]["output"]["text"].splitlines()
        assert lines[:2] == ["1 /sbin/init splash", "77 mysqldump"]
        # what is judged is still seen in what is recorded
        assert {"80 neteye update", "83 dnf update"} <= set(lines)
        assert lines[-2:] == ["81 (a name of its own)", "82 (a name of its own)"]


def test_a_learnt_secret_is_masked_in_other_answers_too(run: Run) -> None:
    run.redactor.learn(Secret("hunter22"))
    text: Query[str] = Query("text", ("number",), lambda answer: answer.text)
    assert look(run, {(kit.N, ("number",)): said("x hunter22")}).ask(kit.N, text) == "x hunter22"
    assert "hunter22" not in run.journal.path.read_text()


def test_everybody_is_asked_and_who_did_not_answer_is_named(run: Run) -> None:
    answers = {
        (kit.N, ("number",)): said("1"),
        (kit.SECOND, ("number",)): kit.unreachable(kit.SECOND),
        (kit.THIRD, ("number",)): said("none"),
    }
    asked = look(run, answers).ask_all((kit.N, kit.SECOND, kit.THIRD), NUMBER)
    assert asked.values == {kit.N: 1}
    assert set(asked.unanswered) == {kit.SECOND, kit.THIRD}
    assert asked.unanswered[kit.SECOND] == "no route to host"
    assert not asked.is_complete
    assert len(observations(run)) == 3


def test_an_error_of_the_program_is_not_an_unanswered_question(run: Run) -> None:
    def broken(answer: Any) -> int:
        raise KeyError("an error of the program")

    query: Query[int] = Query("x", ("number",), broken)
    with pytest.raises(KeyError):
        look(run, {(kit.N, ("number",)): said("1")}).ask_all([kit.N], query)


def test_the_database_is_asked_where_its_resource_runs(run: Run) -> None:
    door = look(run, {(kit.N, STATUS.argv): said(crm_mon(3))})
    assert door.sql_node() == kit.N


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('id="mariadb"', 'id="mysql"'),
        (
            'resource_agent="systemd:mariadb" role="Started" active="true"',
            'resource_agent="systemd:mariadb" role="Stopped" active="false"',
        ),
    ],
)
def test_a_database_that_runs_nowhere_is_unanswered_not_absent(
    run: Run, old: str, new: str
) -> None:
    text = crm_mon(3).replace(old, new)
    assert text != crm_mon(3)
    with pytest.raises(Unanswered, match="which node runs the database"):
        look(run, {(kit.N, STATUS.argv): said(text)}).sql_node()


ASKED = "SELECT value FROM t WHERE value > %s ORDER BY value LIMIT 2"
WHERE = ("mysql", "--batch", "--skip-column-names", "--execute", "SELECT @@socket")


def after(last: str | None) -> SqlQuery[list[str]]:
    return SqlQuery(
        name="values",
        database="ocsweb",
        sql=ASKED,
        params=(last or "",),
        parse=lambda rows: [str(row["value"]) for row in rows],
    )


@contextlib.contextmanager
def database(run: Run, tmp_path: Path, pages: dict[str, Any]) -> Iterator[tuple[Look, Mysqld]]:
    """A look whose database answers a page for the row before it."""
    answers = {ASKED % f"'{last}'": rows for last, rows in pages.items()}
    with serving(tmp_path / "db.sock", {"root": ""}, answers) as server:
        node = FakeTransport(
            {(kit.N, STATUS.argv): said(crm_mon(3)), (kit.N, WHERE): said("/run/db.sock\n")},
            sockets={(kit.N, "/run/db.sock"): server.path},
        )
        yield Look(run, node, names_of(run.inventory, None)), server


def test_a_long_answer_comes_page_by_page_and_is_recorded_once(run: Run, tmp_path: Path) -> None:
    with database(run, tmp_path, {"": ["a", "b"], "b": ["c"], "c": []}) as (door, server):
        rows = door.sql_pages(after)
        assert [next(rows), next(rows)] == ["a", "b"]
        asked = [s for s in server.statements if s.startswith("SELECT value")]
        assert asked == [ASKED % "''"]  # the next page is asked for when it is wanted
        assert list(rows) == ["c"]
        assert len(server.users) == 1
    (seen,) = [e for e in observations(run) if e["question"] == "values"]
    assert (seen["rows"], seen["node"]) == (3, kit.N)
    assert seen["command"] == f"SQL on ocsweb: {ASKED}"
    assert seen["output"] == {"text": "(3 rows in 2 pages, not recorded here)"}
    assert not list((run.directory / "outputs").glob("*values*"))


def test_where_the_database_listens_is_asked_once_and_again_when_it_moved(
    run: Run, tmp_path: Path
) -> None:
    one, two, asked = "/run/db.sock", "/run/other.sock", []
    places = iter((one, two))

    def where() -> Answer:
        asked.append(next(places))
        return said(f"{asked[-1]}\n")

    answers = {(kit.N, STATUS.argv): said(crm_mon(3)), (kit.N, WHERE): where}
    sockets = {(kit.N, one): tmp_path / "one", (kit.N, two): tmp_path / "two"}
    door = Look(run, FakeTransport(answers, sockets=sockets), names_of(run.inventory, None))
    rows: dict[str, Any] = {ASKED % "''": ["a"]}
    with serving(tmp_path / "one", {"root": ""}, rows):
        assert door.sql(after(None)) == door.sql(after(None)) == ["a"]
        assert asked == [one]
    with serving(tmp_path / "two", {"root": ""}, rows):
        assert door.sql(after(None)) == ["a"]
        assert asked == [one, two]


def looks_at(run: Run) -> int:
    """How often the cluster's status was asked."""
    return sum(event["question"] == STATUS.name for event in observations(run))


def test_where_the_database_runs_is_asked_once_until_something_may_have_moved_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("engine.ask.look.time.monotonic", lambda: now)
    with database(run, tmp_path, {"": ["a"], "a": []}) as (door, _):
        door.sql(after(None))
        door.sql(after(None))
        list(door.sql_pages(after))
        assert looks_at(run) == 1
        now += 5.0
        door.sql(after(None))
        assert looks_at(run) == 2, "a moment is over"
        run.changes_made += 1
        door.sql(after(None))
        assert looks_at(run) == 3, "a change was made"
        door.wait(0.0)
        door.sql(after(None))
        assert looks_at(run) == 4, "it was waited for something"
        with door.anew():
            door.sql(after(None))
        assert looks_at(run) == 5, "it is to be asked anew"
        run.step = "phase.other"
        door.sql(after(None))
        assert looks_at(run) == 6, "another step asks for itself"
        door.sql_node()
        assert looks_at(run) == 7, "who asks for the node is told how it is now"
        door.sql(after(None))
        assert looks_at(run) == 7


def test_a_database_that_gave_no_answer_is_looked_for_again(run: Run, tmp_path: Path) -> None:
    with database(run, tmp_path, {"": 1146}) as (door, _):
        for _ in range(2):
            with pytest.raises(Unanswered):
                door.sql(after(None))
    assert looks_at(run) == 2


def test_an_error_of_the_database_is_told_as_it_was(run: Run, tmp_path: Path) -> None:
    with database(run, tmp_path, {"": 1146}) as (door, server):
        for _ in range(2):
            with pytest.raises(Unanswered, match="error 1146"):
                door.sql(after(None))
    assert len([s for s in server.statements if s.startswith("SELECT value")]) == 2


def test_a_database_that_no_socket_leads_to_is_unanswered(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finding like any other question without an answer, not a failure of the run."""
    lost = Lost(kit.N, "sshd does not forward to the socket", LostKind.FORWARDING)
    with database(run, tmp_path, {"": ["a"]}) as (door, _):

        def refuse(*_: object) -> None:
            raise lost

        monkeypatch.setattr(FakeTransport, "dial", refuse)
        with pytest.raises(Unanswered, match="no way leads to its sockets") as caught:
            door.sql(after(None))
    assert caught.value.node == kit.N
    (seen,) = [e for e in observations(run) if e["question"] == "values"]
    assert seen["problem"] == NO_SOCKETS


def test_a_long_answer_that_breaks_off_is_unanswered(run: Run, tmp_path: Path) -> None:
    with database(run, tmp_path, {"": ["a", "b"], "b": 1969}) as (door, _):
        rows = door.sql_pages(after)
        assert [next(rows), next(rows)] == ["a", "b"]
        with pytest.raises(Unanswered, match="time limit"):
            next(rows)


@pytest.mark.parametrize("paged", [False, True])
def test_a_node_out_of_reach_is_not_asked_for_the_database(
    run: Run, tmp_path: Path, paged: bool
) -> None:
    with database(run, tmp_path, {"": ["a"]}) as (door, _):
        door.silent[kit.N] = "no ssh connection"
        with pytest.raises(Unanswered) as caught:
            list(door.sql_pages(after)) if paged else door.sql(after(None))
    assert caught.value.why == OUT_OF_REACH


@pytest.mark.parametrize("error", [ValueError("2 rows"), ParseError("table", "field", "2 rows")])
def test_rows_that_can_not_be_read_are_no_answer(
    run: Run, tmp_path: Path, error: Exception
) -> None:
    """As what a command prints: unknown blocks, it does not break the run."""

    def parse(rows: object) -> None:
        raise error

    with (
        database(run, tmp_path, {"": ["a"]}) as (door, _),
        pytest.raises(Unanswered, match=r"can't be read: .*2 rows"),
    ):
        door.sql(dataclasses.replace(after(None), parse=parse))
    assert [e["rows"] for e in observations(run) if e["question"] == "values"] == [1]


def test_the_room_here_is_the_run_directorys(run: Run) -> None:
    free = shutil.disk_usage(run.directory).free
    seen = look(run, {}).room_here()
    assert abs(seen - free) < 1 << 30
    (event,) = observations(run)
    assert (event["node"], event["output"]["text"]) == ("controller", f"{seen} bytes")


def test_room_that_can_not_be_read_is_no_room(run: Run) -> None:
    shutil.rmtree(run.directory)
    with pytest.raises(Unanswered, match="room in"):
        look(run, {}).room_here()


def test_a_closed_ledger_entry_is_bookkeeping(run: Run) -> None:
    look(run, {}).close_ledger("fencing", "cluster", "it is on")
    (event,) = run.journal.events
    assert (event["event"], event["why"]) == ("ledger-closed", "it is on")


@pytest.mark.parametrize("node", [kit.N, kit.SECOND])
def test_a_status_is_told_whoever_gives_it_and_before_it_is_on_record(run: Run, node: str) -> None:
    """A look on record that nobody was told of would count as a sighting of what was known."""
    asking = look(run, {(node, STATUS.argv): said(crm_mon(3))})
    told: list[tuple[int, int]] = []
    asking.on_status = lambda status, _: told.append((len(status.nodes), len(observations(run))))
    asking.ask(node, STATUS)
    assert told == [(3, 0)]
    assert len(observations(run)) == 1
