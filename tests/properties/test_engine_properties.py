"""Laws of the engine's middle: journals, memory, position, redaction, names."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.change import Outcome
from engine.model.host import Version
from engine.model.steps import StepItem, StepMark
from engine.record import redact
from engine.record.directory import new_run_id
from engine.record.intervals import intervals_of
from engine.record.journal import Journal, read_journal
from engine.record.memory import Memory
from engine.record.position import Position, Situation, position_findings, position_of
from engine.record.redact import Redactor, _forms_of
from engine.record.rows import RowState, rows_of
from engine.report.console import clean_line
from engine.run.graph import order, resolve
from engine.secrets import MASK, Secret
from tests.engine import kit

LAW = settings(max_examples=50, deadline=None, derandomize=True)
"""The same examples each time, and no limit that a busy machine could pass."""

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
STEPS = st.sampled_from(["baseline.recorded", "upgrade.run[1]", "upgrade.run[2]", "fencing.on"])
NODES = st.sampled_from([kit.N, kit.SECOND])
KINDS = st.sampled_from(["standby", "fencing"])
DETACHED = st.sampled_from([None, "update-1", "update-2", "upgrade-1", "upgrade-2"])


@st.composite
def intents(draw: st.DrawFn) -> dict[str, Any]:
    opens = draw(
        st.lists(
            st.fixed_dictionaries({"kind": KINDS, "subject": NODES, "former": TEXTS}), max_size=2
        )
    )
    return kit.intent(
        draw(STEPS),
        draw(st.integers(1, 2)),
        detached=draw(DETACHED),
        repeatable=draw(st.booleans()),
        what=draw(TEXTS),
        opens=opens,
    )


@st.composite
def results(draw: st.DrawFn) -> dict[str, Any]:
    return kit.result(
        draw(STEPS),
        draw(st.integers(1, 2)),
        draw(st.sampled_from([outcome.value for outcome in Outcome])),
        code=draw(st.sampled_from([None, 0, 1, 4, 137])),
        closes=draw(st.lists(st.tuples(KINDS, NODES).map(list), max_size=2)),
        reason=draw(TEXTS),
    )


def of_kind(name: str, /, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(fields).map(lambda values: kit.event(name, **values))


OTHERS = st.one_of(
    of_kind("attempt-opened", attempt=TEXTS),
    of_kind("attempt-closed", attempt=TEXTS),
    of_kind("fact", name=TEXTS, value=TEXTS),
    of_kind("settled", step=STEPS, word=st.sampled_from(["done", "repeat"]), by=TEXTS),
    of_kind(
        "accepted",
        code=st.sampled_from(["disk-space", "window-outside"]),
        subject=st.none() | NODES,
        by=TEXTS,
        reason=TEXTS,
        until=st.sampled_from([None, "2026-12-31"]),
        given=TEXTS,
    ),
    of_kind("run-started", cluster=TEXTS, runbook=TEXTS),
    of_kind("ledger-closed", kind=KINDS, subject=NODES, why=TEXTS),
    of_kind("observation", node=NODES, question=TEXTS),
    of_kind("of-a-later-version", anything=TEXTS),
)
EVENTS = st.lists(st.one_of(intents(), results(), OTHERS), max_size=25)


def lines(events: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)


@LAW
@given(EVENTS)
def test_any_prefix_of_a_journal_folds(events: list[dict[str, Any]]) -> None:
    memory = Memory()
    for event in events:
        memory.add(event)
        assert all(record.intent["key"] == key for key, record in memory.changes.items())
    assert memory == Memory.fold(events)


@LAW
@given(EVENTS, st.data())
def test_any_cut_of_its_bytes_reads_as_a_prefix(
    events: list[dict[str, Any]], data: st.DataObject
) -> None:
    raw = lines(events).encode()
    cut = raw[: data.draw(st.integers(0, len(raw)))]
    # a cut may fall into a character
    read = read_journal(cut.decode("utf-8", "ignore").split("\n"), "j")
    assert read == events[: len(read)]
    assert len(events) - len(read) <= 1 + lines(events).encode()[len(cut) :].count(b"\n")
    assert Memory.fold(read) == Memory.fold(events[: len(read)])


@LAW
@given(EVENTS)
def test_reading_again_what_was_read_changes_nothing(events: list[dict[str, Any]]) -> None:
    """The same journal twice (handed over again after a lost answer) is the same memory."""
    once, again = Memory.fold(events), Memory.fold([*events, *events])
    assert again.changes == once.changes
    assert again.facts == once.facts
    assert again.closed == once.closed
    assert {key for key, r in again.changes.items() if r.outcome is Outcome.OK} == {
        key for key, r in once.changes.items() if r.outcome is Outcome.OK
    }


@LAW
@given(EVENTS)
def test_the_fold_does_not_depend_on_how_a_journal_was_handed_over(
    events: list[dict[str, Any]],
) -> None:
    in_pieces = Memory()
    for event in read_journal(lines(events).split("\n"), "j"):
        in_pieces.add(event)
    assert in_pieces == Memory.fold(events)


@LAW
@given(EVENTS)
def test_what_is_in_the_ledger_was_opened_and_not_closed_since(
    events: list[dict[str, Any]],
) -> None:
    for key, entry in Memory.fold(events).ledger.items():
        formers, closed = [], -1
        for number, event in enumerate(events):
            opened = [e for e in event.get("opens", ()) if (e["kind"], e["subject"]) == key]
            formers += [(number, each["former"]) for each in opened]
            if event["event"] == "ledger-closed" and (event["kind"], event["subject"]) == key:
                closed = number
        assert any(number > closed for number, _ in formers)
        assert entry.former in [former for _, former in formers]


VERSIONS = st.dictionaries(
    st.sampled_from([kit.N, kit.SECOND, kit.THIRD]),
    st.sampled_from([Version(4, 21), Version(4, 25), Version(4, 26), Version(4, 27)]),
)
SITUATIONS = st.builds(
    Situation,
    versions=VERSIONS,
    memory=EVENTS.map(Memory.fold),
    has_records=st.booleans(),
    standby=st.lists(NODES, unique=True).map(tuple),
    fencing=st.booleans(),
    fencing_before=st.sampled_from([None, True, False]),
    has_known_conflicts=st.booleans(),
    source=st.just(Version(4, 25)),
    target=st.just(Version(4, 26)),
)


@LAW
@given(SITUATIONS)
def test_every_situation_has_a_position(situation: Situation) -> None:
    position = position_of(situation)
    assert position in Position
    for finding in position_findings(situation):
        assert all((finding.code, finding.observed, finding.expected, finding.remedy))


@LAW
@given(SITUATIONS)
def test_upgraded_is_never_told_by_the_release_files_alone(situation: Situation) -> None:
    """A good exit status of the last round must be on record (design, when a command is done)."""
    if position_of(situation) in (Position.UPGRADED, Position.REACTIVATED):
        last = situation.memory.detached("upgrade")[-1]
        assert last.result is not None
        assert last.result["code"] == 0
        assert set(situation.versions.values()) == {situation.target}


@LAW
@given(SITUATIONS)
def test_without_records_nothing_has_been_started(situation: Situation) -> None:
    if not situation.has_records:
        assert position_of(situation) is Position.NOT_STARTED


ROW_EVENTS = st.lists(
    st.builds(
        lambda step, row, state, run: {
            **kit.event("row", step=step, row=row, state=state, reason=f"{step} {state}"),
            "run": run,
        },
        STEPS,
        st.sampled_from(["G01", "G02", "G99"]),
        st.sampled_from([state.value for state in RowState]),
        st.sampled_from(["r1", "r2"]),
    ),
    max_size=12,
)
SERVING = {"G01": ["baseline.recorded", "upgrade.run"], "G02": ["fencing.on"]}


@LAW
@given(ROW_EVENTS)
def test_a_row_is_good_only_when_every_step_that_serves_it_has_recorded(
    events: list[Mapping[str, Any]],
) -> None:
    for row in rows_of(events, {"G01": "one", "G02": "two"}, SERVING):
        recorded = {event["step"].split("[")[0] for event in events if event["row"] == row.id}
        if row.state not in (RowState.OPEN, RowState.FAILED):
            assert set(SERVING[row.id]) <= recorded
        assert set(row.missing) == set(SERVING[row.id]) - recorded
        assert row.reason


SECRETS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="*"), min_size=4, max_size=20
)


@LAW
@given(SECRETS, TEXTS, TEXTS)
def test_a_learnt_secret_survives_in_no_form(secret: str, before: str, after: str) -> None:
    redactor = Redactor()
    redactor.learn(Secret(secret))
    for form in _forms_of(secret):
        for clean in (redactor.clean, redactor.clean_output):
            assert form not in clean(f"{before}{form}{after}")


_NEAR = ("passw", "PassWord", "_pwd", "secret", "token", "=", ": ", "://", "u:p@h", "op-", "\n")
_NEARER = (
    "op-digest='ab'",
    "<nvpair ",
    "name='passwd' ",
    "value='geheim'",
    "/>",
    "setenv ",
    "'",
    " ",
)
MASKED = st.lists(st.sampled_from((*_NEAR, *_NEARER)) | TEXTS, max_size=12).map("".join)


@LAW
@given(MASKED)
def test_what_is_passed_over_at_first_sight_has_nothing_to_be_masked(text: str) -> None:
    redactor = Redactor()
    named = redact._DIGEST.sub(rf"\g<1>{MASK}", redact._NAMED.sub(redactor._mask_value, text))
    assert redactor.clean_output(text) == redact._ELEMENT.sub(redact._mask_element, named)


@LAW
@given(st.lists(SECRETS, min_size=1, max_size=4), st.data())
def test_of_several_secrets_in_a_row_none_survives(secrets: list[str], data: st.DataObject) -> None:
    redactor = Redactor()
    redactor.learn(*map(Secret, secrets))
    text = "".join(data.draw(st.permutations(secrets)))
    cleaned = redactor.clean(text)
    assert not any(secret in cleaned for secret in secrets)


@LAW
@given(TEXTS)
def test_a_line_for_the_terminal_is_printable(text: str) -> None:
    cleaned = clean_line(text)
    assert len(cleaned) == len(text)
    assert all(char.isprintable() or char == "\t" for char in cleaned)


@LAW
@given(TEXTS)
def test_a_runs_id_is_safe_as_a_file_name_and_sorts_by_time(cluster: str) -> None:
    run_id = new_run_id(cluster, kit.BEGIN)
    assert re.fullmatch(r"[A-Za-z0-9.-]+", run_id)
    assert run_id.startswith("20261102T000000Z-")
    assert not run_id.startswith((".", "-"))


@LAW
@given(st.lists(st.tuples(NODES, st.sampled_from(["entered", "left"])), max_size=12))
def test_time_in_standby_is_never_negative_nor_longer_than_the_run(
    changes: list[tuple[str, str]],
) -> None:
    events = [
        kit.event("standby", second, node=node, state=state)
        for second, (node, state) in enumerate(changes)
    ]
    for one in intervals_of(events):
        assert 0 <= one.least <= one.seconds <= one.most <= len(events)


@LAW
@given(st.lists(st.sampled_from(["a", "b.", "c"]), max_size=6), st.integers(1, 5))
def test_the_running_order_keeps_every_item_and_each_rounds_order(
    kinds: list[str], rounds: int
) -> None:
    items: list[StepItem] = []
    for number, kind in enumerate(kinds):
        mark = StepMark(f"phase.{number}")
        fan = [StepItem(mark, r) for r in range(1, rounds + 1)] if kind == "b." else [None]
        items += [item or StepItem(mark) for item in fan]
    running = order(items)
    assert sorted(running) == list(range(len(items)))
    assert len(resolve([items[index] for index in running])) == len(items)
    for r in range(1, rounds + 1):
        of_round = [index for index in running if items[index].round == r]
        assert of_round == sorted(of_round)


JSONABLE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)


@LAW
@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), JSONABLE), max_size=5))
def test_what_is_recorded_is_what_is_read(fields: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        journal = Journal(Path(directory) / "j", "r", lambda text: text, kit.ticking())
        for each in fields:
            journal.record("note", **each)
        journal.close()
        read = read_journal(journal.path.read_bytes().decode().split("\n"), "j")
    assert read == journal.events
    assert [
        {key: event[key] for key in each} for event, each in zip(read, fields, strict=True)
    ] == (fields)
