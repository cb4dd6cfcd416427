"""A text is masked before it is cut: half a secret is none that anybody knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.act import detached
from engine.ask.look import Look
from engine.ask.sql import socket_of
from engine.attempt.fencing_token import TRIES
from engine.attempt.records import RecordsWriter
from engine.errors import RunbookError, Unanswered
from engine.model.names import names_of
from engine.model.query import Query
from engine.record.redact import whole_end
from engine.report.console import Console
from engine.run.session import Session
from engine.secrets import MASK, Secret
from tests.engine import kit
from tests.engine.acting import SET, Make, change
from tests.engine.scripted import FakeTransport, said

VALUE = "Tr0ub4dorAnd3Horses"
HALF = VALUE[9:]


def cut_at(length: int) -> str:
    """An answer whose last `length` characters begin within the secret."""
    return f"{'y' * 200} {VALUE}{'x' * (length - len(HALF))}"


def test_of_an_answer_that_is_none(tmp_path: Path) -> None:
    run = kit.make_run(tmp_path)
    run.redactor.learn(Secret(VALUE))
    node = FakeTransport({(kit.N, ("ask", "x")): said(code=9, stderr=cut_at(300))})
    query: Query[str] = Query("x", ("ask", "x"), lambda answer: answer.text)
    with pytest.raises(Unanswered) as caught:
        Look(run, node, names_of(run.inventory, None)).ask(kit.N, query)
    assert HALF not in str(caught.value)
    assert HALF not in run.journal.path.read_text()


def test_of_a_question(tmp_path: Path) -> None:
    run = kit.make_run(tmp_path)
    run.redactor.learn(Secret(VALUE))
    argv = ("ask", "x" * 390 + VALUE)
    query: Query[str] = Query("x", argv, lambda answer: answer.text)
    Look(run, FakeTransport({(kit.N, argv): said()}), names_of(run.inventory, None)).ask(
        kit.N, query
    )
    assert VALUE[:5] not in run.journal.path.read_text()


def test_of_a_change(bench: Make) -> None:
    argv = ("set", "x" * 990 + VALUE)
    made = bench({(kit.N, argv): said()})
    made.run.redactor.learn(Secret(VALUE))
    made.apply(change(argv=argv))
    assert VALUE[:5] not in made.run.journal.path.read_text()


def test_of_what_a_change_failed_with(bench: Make) -> None:
    made = bench({(kit.N, SET): said(code=3, stderr=cut_at(800))})
    made.run.redactor.learn(Secret(VALUE))
    assert HALF not in made.refused(change())


def test_of_what_a_change_was_held_back_with(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = bench({(kit.N, SET): said(code=3, stderr=cut_at(300))})
    made.run.redactor.learn(Secret(VALUE))
    monkeypatch.setattr("engine.act.applier.was_held_back", lambda answer: True)
    text = made.refused(change())
    assert f"held back {TRIES} times" in text
    assert HALF not in text


def test_of_what_could_not_be_fetched(tmp_path: Path) -> None:
    run = kit.make_run(tmp_path)
    run.redactor.learn(Secret(VALUE))
    (run.directory / "backups").mkdir()
    node = FakeTransport({(kit.N, ("cat",)): said(code=1, stderr=cut_at(200))})
    console = Console(lambda text: None, 1, 0, run.redactor.clean_output)
    with pytest.raises(RunbookError, match="can't be fetched") as caught:
        Session(run, node, console).fetch(kit.N, ("cat",), "dump", 1.0)
    assert HALF not in str(caught.value)


def writing_records(node: Any) -> None:
    RecordsWriter(node, kit.N, {"who": "test"}).acquire()


def starting(node: Any) -> None:
    records = RecordsWriter(node, kit.N, {"who": "test"})
    records.token = "1"
    detached.start(node, kit.N, "/base", ("neteye", "upgrade"), records)


def asking_the_database(node: Any) -> None:
    socket_of(node, kit.N)


class Failing:
    """A node that fails with this at everything."""

    def run(self, *given: Any, **options: Any) -> Any:
        return said(code=1, stderr=f"first\n{cut_at(300)}")

    ask = run


@pytest.mark.parametrize("ask", [writing_records, starting, asking_the_database])
def test_where_no_secret_is_known_whole_lines_are_kept(ask: Any) -> None:
    """They are masked where they are recorded or shown."""
    with pytest.raises(RunbookError) as caught:
        ask(Failing())
    assert VALUE in str(caught.value)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        ("one\ntwo\n", "one\ntwo"),
        ("12345\n12345\n1234", "12345\n1234"),
        ("123\nlonger than that", "longer than that"),
        ("x" * 5000, "(a line of 5000 characters)"),
    ],
)
def test_a_text_is_cut_between_its_lines(text: str, kept: str) -> None:
    assert whole_end(text, 10) == kept


def test_the_mask_is_what_is_left_of_it(bench: Make) -> None:
    made = bench({(kit.N, SET): said(code=3, stderr=f"denied for {VALUE}")})
    made.run.redactor.learn(Secret(VALUE))
    assert f"denied for {MASK}" in made.refused(change())
