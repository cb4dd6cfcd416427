"""What was predicted beside what then happened. Pure; only what has another kind is warned of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from engine.judge.elsewhere import at_places
from engine.judge.text import many
from engine.model.compared import Compared, How, Kind
from engine.model.finding import Finding
from engine.model.loss import LossState
from engine.model.prediction import Act, Counted, Passage, Prediction, Seen, Waiting
from engine.model.steps import base_of

T = TypeVar("T")
P = TypeVar("P", Act, Waiting, Seen)

DEVIATES = "not-as-predicted"
"""Code of the finding that an upgrade went another way than predicted: nobody predicts that."""
LOOKED = ("done", "nothing to do", "not needed", "not applicable")
"""How a step ends when what did not come in it will not come."""
SATISFIED = "SATISFIED"
"""What a plan says of a step that has nothing to change; one that acts is not gone through then."""


def compare(
    predicted: Prediction, happened: Prediction, ended: Mapping[tuple[str, str], str]
) -> list[Compared]:
    """Everything of both, in the order of the prediction; what nobody predicted comes last.

    `ended`: step and place -> how it ended. Of a step that has not looked to its end, what is
    missing is still to come.
    """
    common = predicted.places & happened.places
    questions = {*predicted.questions, *happened.questions}
    apart = {*predicted.apart, *happened.apart}
    predicted, happened = (_without(apart, each) for each in (predicted, happened))
    theirs = {p.key: p for p in predicted.passages if p.place in common}
    ours = {p.key: p for p in happened.passages if p.place in common}
    found: list[Compared] = []
    for key in [*theirs, *(key for key in ours if key not in theirs)]:
        nothing = Passage(*key)
        one, other = theirs.get(key, nothing), ours.get(key, nothing)
        terms = _Terms(common, questions, apart)
        found += _passage(one, other, *_missing(one, ended.get(key, "")), terms)
    return [*at_places(found, predicted, happened), *_order(predicted, happened, common)]


def _without(apart: set[str], one: Prediction) -> Prediction:
    """Without the steps that no rehearsal can predict."""
    return replace(one, passages=tuple(p for p in one.passages if base_of(p.step) not in apart))


@dataclass(frozen=True)
class _Terms:
    common: frozenset[str]
    questions: set[str]
    apart: set[str]


def _missing(one: Passage, outcome: str) -> tuple[How, How]:
    """What a change is that was not made by now, and what anything else is that did not come."""
    if outcome == SATISFIED:
        return How.NOT_COME, How.TO_COME if one.acts else How.NOT_COME
    how = How.NOT_COME if outcome in LOOKED else How.TO_COME
    return how, how


def _passage(
    one: Passage, other: Passage, unmade: How, missing: How, terms: _Terms
) -> Iterator[Compared]:
    step, place = one.key

    def compared_at(kind: Kind, how: How, where: str, what: str, *numbers: str) -> Compared:
        return Compared(kind, how, step, where or place, what, *numbers)

    yield from (
        compared_at(_kind_of(act), how, act.place, _named(act))
        for act, how in _both(_here(one.acts, terms), _here(other.acts, terms), unmade)
    )
    yield from (
        compared_at(Kind.STOP, how, file.place, file.file)
        for file, how in _both(_here(one.waiting, terms), _here(other.waiting, terms), missing)
    )
    before = {(s.code, s.place): s.count for s in _here(one.seen, terms)}
    after = {(s.code, s.place): s.count for s in _here(other.seen, terms)}
    for code, where in dict.fromkeys([*before, *after]):
        if code in terms.apart:
            continue
        kind = Kind.QUESTION if code in terms.questions else Kind.FINDING
        was, comes = before.get((code, where), 0), after.get((code, where), 0)
        yield compared_at(kind, _how(was, comes, missing), where, code, str(was), str(comes))
    yield from (
        compared_at(Kind.LOSS, *said) for said in _losses(one.counted, other.counted, missing)
    )


def _kind_of(act: Act) -> Kind:
    return Kind.ROUND if act.command else Kind.CHANGE


def _named(act: Act) -> str:
    """`neteye update (update-2)`: a command that is started again is another round."""
    return f"{act.what} ({act.command})" if act.command else act.what


def _here(items: Iterable[P], terms: _Terms) -> list[P]:
    """Those at places that both clusters have."""
    return [item for item in items if item.place in terms.common]


def _both(one: Iterable[T], other: Iterable[T], missing: How) -> Iterator[tuple[T, How]]:
    mine, theirs = dict.fromkeys(one), dict.fromkeys(other)
    for item in mine:
        yield item, How.AS_PREDICTED if item in theirs else missing
    yield from ((item, How.UNPREDICTED) for item in theirs if item not in mine)


def _how(was: int, comes: int, missing: How) -> How:
    if was == comes:
        return How.AS_PREDICTED
    if not was:
        return How.UNPREDICTED
    return How.ANOTHER_NUMBER if comes else missing


def _losses(
    one: Iterable[Counted], other: Iterable[Counted], missing: How
) -> Iterator[tuple[How, str, str, str, str]]:
    before = {(c.of, c.what, c.state): c for c in one}
    after = {(c.of, c.what, c.state): c for c in other}
    for key in dict.fromkeys([*before, *after]):
        of, what, state = key
        was, comes = (n[key].count if key in n else 0 for n in (before, after))
        if not was and not comes:
            continue
        how = missing if key not in after else _how(was, comes, missing)
        when = "counted before" if state == LossState.EXPECTED else "counted after"
        yield how, "", f"{of}: {what} ({when})", str(was), str(comes)


def _order(one: Prediction, other: Prediction, common: frozenset[str]) -> Iterator[Compared]:
    """Passages that change something and came before one that was predicted to come first."""
    mine, theirs = (
        [p.key for p in each.passages if p.acts and p.place in common] for each in (one, other)
    )
    same_n = one.active == other.active
    rank = {key: number for number, key in enumerate(mine)}
    last = -1, ("", "")
    for key in theirs:
        if key not in rank:
            continue
        is_late = rank[key] < last[0]
        # of a fan-out the inventory decides, and there N has another place in it
        if is_late and (same_n or key[0] != last[1][0]):
            before = " on ".join(filter(None, last[1]))
            what = f"it came behind {before}"
            yield Compared(Kind.ORDER, How.OUT_OF_ORDER, *key, what)
        last = max(last, (rank[key], key))


def not_compared(predicted: Prediction, happened: Prediction) -> list[str]:
    """What can't be compared, a sentence each; nothing is guessed in its place."""
    found = []
    for role in dict.fromkeys([*predicted.nodes, *happened.nodes]):
        had, has = predicted.nodes.get(role, 0), happened.nodes.get(role, 0)
        if had != has:
            named = role.replace("_", "-")
            found.append(
                f"the rehearsal had {many(had, f'{named} node')}, this cluster has"
                f" {has}: what is of the others alone is not compared"
            )
    if predicted.active != happened.active and predicted.active and happened.active:
        found.append(
            f"N was the operative node number {predicted.active} of the rehearsal's inventory, here"
            f" it is number {happened.active}: the order of nodes within a step is not compared,"
            " and what came at the same node of the inventory is told without a warning"
        )
    for whose, left in (("predicted", predicted.left_out), ("recorded", happened.left_out)):
        if left:
            was, be = ("was", "is") if left == 1 else ("were", "are")
            found.append(f"{many(left, 'thing')} that {was} {whose} {be} beyond what is kept")
    if predicted.apart or happened.apart:
        apart = ", ".join(sorted({*predicted.apart, *happened.apart}))
        found.append(
            "what is about the change, the controller and the load of the moment no rehearsal can"
            f" predict: {apart}"
        )
    return found


def deviation_finding(step: str, deviations: Iterable[Compared]) -> Finding:
    """Code: `not-as-predicted`, of one step that ended; it warns and never blocks."""
    said = [one.sentence.removeprefix(f"{step}: ") for one in deviations]
    return Finding(
        DEVIATES,
        step or "the run",
        "; ".join(said),
        "the course that the rehearsal had",
        "Nothing has to be done for the run: it goes by what it sees itself. Find out why this"
        " cluster differs from the rehearsed one before you go on with a step that depends on it.",
    )
