"""What came at another node than predicted, and whether that is explained. Pure.

Places are counted from N. Where N is another node of the inventory than in the rehearsal, what is a
node's own (its files, its disks) has another place here, though its node is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from engine.model.compared import Compared, How, Kind
from engine.model.groups import grouped
from engine.model.prediction import Prediction, node_of, without_place

Item = tuple[int, Compared]
"""One thing, and its number among all."""
_MISSING = (How.NOT_COME, How.TO_COME)
_ODD = (How.UNPREDICTED, How.ANOTHER_NUMBER)
"""Without one of these in a step nothing of its kind came in another place."""


def at_places(
    found: Iterable[Compared], predicted: Prediction, happened: Prediction
) -> list[Compared]:
    """The same things; one that came at a node in the place of another is one, not two."""
    listed = list(found)
    odd = {(one.kind, one.step) for one in listed if one.how in _ODD}
    if not odd:
        return listed
    fanned = {p.step for each in (predicted, happened) for p in each.passages if p.place}
    here = {happened.listed_at(place): place for place in happened.places}
    moved = {place: here.get(predicted.listed_at(place), place) for place in predicted.places}
    items: list[Item] = []
    groups = grouped(
        (_anywhere(one) if (one.kind, one.step) in odd else (), (number, one))
        for number, one in enumerate(listed)
    )
    for key, those in groups.items():
        if not key:
            items += those
            continue
        by_node = predicted.active != happened.active and those[0][1].kind is not Kind.ROUND
        items += _paired(_by_node(those, moved) if by_node else those, fanned)
    return [one for _, one in sorted(items, key=lambda item: item[0])]


def _anywhere(one: Compared) -> tuple[str, ...]:
    """All that it is but for which node of the role; empty of what is of no single node."""
    node = node_of(one.place)
    if node is None or one.kind is Kind.LOSS:
        return ()
    return one.kind.value, one.step, node[0], without_place(one.what, one.place)


def _by_node(those: Sequence[Item], moved: Mapping[str, str]) -> list[Item]:
    """By the nodes of the inventory, where that leaves less unpredicted than the places do.

    Where one place has it twice, of a step's node and of the step itself, the places are taken.

    `moved`: place in the prediction -> the place that the same node of the inventory has here.
    """
    by_place = {o.place: (n, o) for n, o in those if o.how is not How.UNPREDICTED}
    by_node = {moved[place]: item for place, item in by_place.items()}
    came = {o.place: (n, o) for n, o in those if o.how not in _MISSING}
    is_twice = len({one.place for _, one in those}) < len(those)
    if is_twice or _cost(came, by_node) >= _cost(came, by_place):
        return [*those]
    found = [(number, _beside(one, by_node.get(at))) for at, (number, one) in came.items()]
    missing = How.TO_COME if any(one.how is How.TO_COME for _, one in those) else How.NOT_COME
    found += [
        (number, one if one.how in _MISSING else _not_come(one, missing))
        for place, (number, one) in by_node.items()
        if place not in came
    ]
    return found


def _cost(came: Mapping[str, Item], of: Mapping[str, Item]) -> tuple[int, int]:
    """How many came that were not predicted, or of more; at how many places one side has it."""
    more = sum(_is_more(one, of.get(place)) for place, (_, one) in came.items())
    return more, len(came.keys() ^ of.keys())


def _not_come(one: Compared, missing: How) -> Compared:
    return replace(one, how=missing, happened=_none_of(one.happened))


def _beside(one: Compared, before: Item | None) -> Compared:
    """What came, beside what was predicted of the same node."""
    if before is None:
        return replace(one, how=How.UNPREDICTED, predicted=_none_of(one.predicted))
    if before[1].place == one.place:
        return one
    if _is_more(one, before):
        return replace(one, how=How.ANOTHER_NUMBER, predicted=before[1].predicted)
    return _elsewhere(one, before[1], is_explained=True)


def _paired(those: Sequence[Item], fanned: set[str]) -> list[Item]:
    """What is left over on both sides, one to one.

    A change in a step that is not made node by node goes where its service is.
    """
    missing = [item for item in those if item[1].how in _MISSING]
    found = [item for item in those if item[1].how not in _MISSING]
    for at, (number, one) in enumerate(found):
        if one.how is not How.UNPREDICTED:
            continue
        others = (item for item in missing if item[1].place != one.place)
        enough = [item for item in others if not _is_more(one, item)]
        if enough:
            missing.remove(enough[0])
            goes_along = one.kind is Kind.CHANGE and one.step not in fanned
            found[at] = number, _elsewhere(one, enough[0][1], is_explained=goes_along)
    return [*found, *missing]


def _elsewhere(one: Compared, before: Compared, *, is_explained: bool) -> Compared:
    return replace(
        one,
        how=How.ELSEWHERE,
        predicted=before.place,
        happened=one.place,
        is_explained=is_explained,
    )


def _is_more(one: Compared, before: Item | None) -> bool:
    """It came, and was not predicted, or of fewer subjects."""
    return before is None or _amount(one.happened) > _amount(before[1].predicted)


def _amount(text: str) -> int:
    """Of how many subjects; a thing without a number is one."""
    return int(text or "1")


def _none_of(text: str) -> str:
    """The same when there is none: a thing without a number stays one."""
    return "0" if text else ""
