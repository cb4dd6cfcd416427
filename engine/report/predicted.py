"""Predicted and happened, side by side: from the events of an upgrade's runs alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.errors import ParseError
from engine.judge.prediction import compare, not_compared
from engine.judge.text import many
from engine.model.compared import WORDS, Compared, How, Kind
from engine.model.event import Event
from engine.model.groups import grouped
from engine.model.prediction import WHOLE, Prediction
from engine.parse.fields import Fields
from engine.parse.prediction import prediction_of
from engine.record.course import UpgradeCourse

PREDICTED, DEVIATION = "predicted", "deviation"
"""The events."""
_ORDER = (
    *(How.OUT_OF_ORDER, How.UNPREDICTED, How.NOT_COME),
    *(How.ELSEWHERE, How.ANOTHER_NUMBER, How.TO_COME),
)
"""Of several places in one row the first of these is told."""
_CAME = (
    *(How.AS_PREDICTED, How.UNPREDICTED, How.ELSEWHERE),
    *(How.ANOTHER_NUMBER, How.OUT_OF_ORDER),
)
_NONE = "-"
Announced = tuple[str, Sequence[str], float]
"""A stage of the upgrade, its phases, and the minutes that are announced for it."""


@dataclass(frozen=True)
class Row:
    """One thing in both columns."""

    what: str
    predicted: str
    happened: str
    how: str
    """As `How` has it; empty: it is only told."""
    warns: bool = False


@dataclass(frozen=True)
class First:
    """The first deviation, as the run that saw it told it."""

    when: str
    run: str
    said: str


@dataclass(frozen=True)
class Beside:
    """All that is shown; `run` is the rehearsal that predicted it."""

    run: str
    rows: tuple[Row, ...]
    times: tuple[Row, ...]
    apart: tuple[str, ...]
    """What is not compared, a sentence each."""
    same: int
    """So many things came as predicted."""
    differ: int
    to_come: int
    first: First | None = None
    shares: Mapping[str, int] = field(default_factory=dict)
    """Phase -> its share of the rehearsal's time, in thousandths."""

    @property
    def warned(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.warns)

    @property
    def in_words(self) -> str:
        """`41 things came as predicted, 2 otherwise, 1 is still to come`."""
        said = f"{many(self.same, 'thing')} came as predicted, {self.differ} otherwise"
        are = "is" if self.to_come == 1 else "are"
        return f"{said}, {self.to_come} {are} still to come" if self.to_come else said

    @property
    def sentence(self) -> str:
        """`41 as predicted, 2 otherwise; first: upgrade.stop[1]: ...`."""
        said = f"{self.same} as predicted, {self.differ} otherwise"
        said += f", {self.to_come} still to come" if self.to_come else ""
        return f"{said}; first deviation: {self.first.said}" if self.first else said


def beside_of(change: Sequence[Event]) -> Beside | None:
    """Of the change's own runs; None: they went by no prediction, or by one that can't be read."""
    told = next((e for e in reversed(change) if e["event"] == PREDICTED), None)
    if told is None:
        return None
    try:
        prediction = prediction_of(Fields(told["prediction"], "journal.jsonl", PREDICTED))
    except (KeyError, ParseError):
        return None
    return beside(str(told["of"]), prediction, UpgradeCourse.of(change), _first(change))


def beside(
    run: str, predicted: Prediction, course: UpgradeCourse, first: First | None = None
) -> Beside:
    """`course`: how the upgrade went by now."""
    happened = course.prediction
    found = compare(predicted, happened, course.ended)
    return Beside(
        run=run,
        rows=(*_numbers(predicted, happened), *_rows(found, course.places.nodes)),
        times=tuple(_times(predicted.times, happened.times)),
        apart=tuple(not_compared(predicted, happened)),
        same=sum(one.how is How.AS_PREDICTED for one in found),
        differ=sum(one.differs for one in found),
        to_come=sum(one.how is How.TO_COME for one in found),
        first=first,
        shares=predicted.times,
    )


def _first(change: Iterable[Event]) -> First | None:
    event = next((e for e in change if e["event"] == DEVIATION and e.get("warns")), None)
    if event is None:
        return None
    return First(str(event["time"]), str(event["run"]), sentence_of(event))


def first_seen(predicted: Prediction, change: Iterable[Event]) -> First | None:
    """The first deviation of another kind, at the end of the step behind which it is one.

    For an upgrade that went by another prediction, or by none: nobody has told it then.
    """
    course = UpgradeCourse()
    for event in change:
        course.add(event)
        if event["event"] != "step-ended" or event.get("outcome") == "not reached":
            continue
        found = compare(predicted, course.prediction, course.ended)
        one = next((one for one in found if one.warns), None)
        if one is not None:
            said = _with_node(one, course.places.nodes.get(one.place, ""))
            return First(str(event["time"]), str(event["run"]), said)
    return None


def _with_node(one: Compared, node: str) -> str:
    return f"{one.sentence} ({node})" if node else one.sentence


def sentence_of(deviation: Event) -> str:
    """What the event says, with the node's name here."""
    one = Compared(
        Kind(deviation["kind"]),
        How(deviation["how"]),
        *(str(deviation[name]) for name in ("of", "place", "what", "predicted", "happened")),
    )
    return _with_node(one, str(deviation["node"]))


def _numbers(predicted: Prediction, happened: Prediction) -> Iterator[Row]:
    was, comes = predicted.rounds, happened.rounds
    for command in dict.fromkeys([*was, *comes]):
        one, other = was.get(command, 0), comes.get(command, 0)
        yield Row(f"rounds of {command}", str(one), str(other), "")


def _rows(found: Sequence[Compared], nodes: Mapping[str, str]) -> Iterator[Row]:
    """Of changes that came as predicted, or may still, there is one row; all else has its own."""
    changes = [one for one in found if one.kind in (Kind.CHANGE, Kind.ROUND)]
    same = [one for one in changes if one.how is How.AS_PREDICTED]
    shown = [one for one in found if one.differs or one.kind not in (Kind.CHANGE, Kind.ROUND)]
    kinds = list(Kind)
    rows = grouped(((kinds.index(one.kind), one.step, one.what), one) for one in shown)
    for (number, step, what), those in sorted(rows.items(), key=lambda item: item[0][0]):
        yield _row(kinds[number], step, what, those, nodes)
    if changes:
        was = sum(one.how is not How.UNPREDICTED for one in changes)
        comes = sum(one.how in _CAME for one in changes)
        how = How.AS_PREDICTED.value if was == len(same) == comes else ""
        yield Row("changes, all kinds", str(was), str(comes), how)


def _row(
    kind: Kind, step: str, what: str, those: Sequence[Compared], nodes: Mapping[str, str]
) -> Row:
    hows = {one.how for one in those}
    how = next((one for one in _ORDER if one in hows), How.AS_PREDICTED)
    return Row(
        f"{WORDS[kind]}{f' in {step}' if step else ''}: {what}",
        _places((o for o in those if o.how is not How.UNPREDICTED), kind, "predicted", {}),
        _places((o for o in those if o.how in _CAME), kind, "happened", nodes),
        how.value,
        warns=any(one.warns for one in those),
    )


def _places(those: Iterable[Compared], kind: Kind, number: str, nodes: Mapping[str, str]) -> str:
    """Where it was; a loss has how much it was."""
    listed = list(those)
    if kind is Kind.LOSS:
        return ", ".join(str(getattr(one, number)) for one in listed) or _NONE
    return ", ".join(_place(one, getattr(one, number), nodes) for one in listed) or _NONE


def _place(one: Compared, told: str, nodes: Mapping[str, str]) -> str:
    """`told`: how often it was; of what came at another place that place."""
    place = told if one.how is How.ELSEWHERE else one.place
    name, count = nodes.get(place), told
    where = f"{place} ({name})" if name else place or "yes"
    return f"{where}, {many(int(count), 'time')}" if count.isdigit() and int(count) > 1 else where


def _times(was: Mapping[str, int], comes: Mapping[str, int]) -> Iterator[Row]:
    for phase in dict.fromkeys([*comes, *was]):
        yield Row(phase, _share(was.get(phase)), _share(comes.get(phase)), "")


def _share(thousandths: int | None) -> str:
    return _NONE if thousandths is None else f"{100 * thousandths / WHOLE:.1f} %"


def line_of(told: Mapping[str, Any] | None) -> list[str]:
    """The line of the console, from summary.json's form; none without a prediction."""
    if not told:
        return []
    first = f"; first deviation: {told['first']}" if told["first"] else ""
    to_come = f", {told['to_come']} still to come" if told["to_come"] else ""
    said = f"{told['same']} as predicted, {told['differ']} otherwise{to_come}{first}"
    return [f"predicted by {told['run']}: {said}"]


def lines_of(found: Beside, *, everything: bool = False) -> list[str]:
    """For a terminal: numbers, and what came otherwise; with `everything` each row."""
    shown = [
        row for row in found.rows if everything or row.how not in (How.AS_PREDICTED, How.TO_COME)
    ]
    times = found.times if everything else ()
    seen = found.first and f"  at {found.first.when[:19]} (UTC) in run {found.first.run}"
    return [
        f"predicted by {found.run}: {found.sentence}",
        *([seen] if seen else ()),
        *(f"  {_line(row.what, row)}" for row in shown),
        *(f"  {_line(f'time of {row.what}', row)}" for row in times),
        *(f"  not compared: {text}" for text in found.apart),
    ]


def _line(what: str, row: Row) -> str:
    return f"{what}: predicted {row.predicted}; happened {row.happened}{_mark(row)}"


def plan_lines_of(found: Beside, announced: Sequence[Announced] = ()) -> Iterator[str]:
    """For a plan: what was predicted, with what the plan itself says by now."""
    yield f"predicted by the rehearsal {found.run}, and what this plan says:"
    for row in found.rows:
        said = "not known before the run" if row.how == How.TO_COME else row.happened
        if row.how in (How.AS_PREDICTED, How.TO_COME, ""):
            yield f"  {row.what}: {row.predicted}; the plan: {said}"
        else:
            word = "NOT AS PREDICTED" if row.warns else "otherwise"
            yield f"  {word}: {row.what}: {row.how} (predicted {row.predicted}, plan {said})"
    if found.shares:
        yield f"  its time: {_beside_announced(found.shares, announced)}"
    yield from (f"  not compared: {text}" for text in found.apart)


def _beside_announced(shares: Mapping[str, int], announced: Sequence[Announced]) -> str:
    """Without anything announced the phases alone."""
    whole = sum(minutes for _, _, minutes in announced)
    if not whole:
        return ", ".join(f"{phase} {_share(share)}" for phase, share in shares.items())
    told = (
        f"{title} {_share(sum(shares.get(phase, 0) for phase in phases))}"
        f" (announced {_share(round(WHOLE * minutes / whole))})"
        for title, phases, minutes in announced
    )
    return "; ".join(told)


def _mark(row: Row) -> str:
    if row.how in ("", How.AS_PREDICTED):
        return ""
    return f"; {row.how}{' (WARNS)' if row.warns else ''}"


def data_of(found: Beside) -> dict[str, Any]:
    """As summary.json and plan.json have it: what differs by name, of the rest how much."""
    return {
        "run": found.run,
        "same": found.same,
        "differ": found.differ,
        "to_come": found.to_come,
        "first": found.first.said if found.first else None,
        "differences": [
            {
                "what": row.what,
                "predicted": row.predicted,
                "happened": row.happened,
                "how": row.how,
                "warns": row.warns,
            }
            for row in found.rows
            if row.how not in ("", How.AS_PREDICTED.value, How.TO_COME.value)
        ][:_MOST],
        "not_compared": list(found.apart),
    }


_MOST = 200
