"""A storm: two or three cases at once, drawn by a seed from those that can stand together."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.model.steps import base_of
from rehearsal.to_4_26 import STEP
from tests.faults.lab import said
from tests.findings.case import Case, Deed, Start
from tests.findings.lab import Lab
from tests.findings.stand import apply
from tests.findings.told import findings_of, listed, problems_of
from tests.proving.kind import Red

EVERYTHING = "*"


@dataclass(frozen=True)
class Storm:
    """Cases in the order in which they strike: what hides others comes last."""

    seed: int
    cases: tuple[Case, ...]

    @property
    def whole(self) -> Case:
        """What the lab has to know of all of them."""
        first = self.cases[0]
        return Case(
            f"seed-{self.seed}",
            first.start,
            "",
            (),
            first.exit_code,
            nodes=first.nodes,
            settings={k: value for case in self.cases for k, value in case.settings.items()},
            stays="; ".join(filter(None, (case.stays for case in self.cases))),
        )


def drawn(seed: int, cases: Iterable[Case]) -> Storm:
    """The same storm for the same seed and cases. Raises ValueError when no two stand together."""
    chance = random.Random(seed)
    left = [case for case in cases if can_be_drawn(case)]
    chance.shuffle(left)
    for number, first in enumerate(left):
        found = [first]
        size = chance.choice((2, 3))
        for case in (*left[number + 1 :], *left[:number]):
            if len(found) < size and all(stand_together(case, other) for other in found):
                found.append(case)
        if len(found) > 1:
            return Storm(seed, tuple(sorted(found, key=lambda case: bool(case.hides))))
    raise ValueError("there are no two cases that can stand together")


def can_be_drawn(case: Case) -> bool:
    """It stops on the standing cluster, and is repaired."""
    return case.start is Start.PREFLIGHT and bool(case.codes) and case.repair is not None


def stand_together(one: Case, other: Case) -> bool:
    """Neither changes what the other is about, and what is found tells which of them it is of."""
    return (
        (one.nodes, one.exit_code) == (other.nodes, other.exit_code)
        and not set(one.touches) & set(other.touches)
        and not _is_disturbed(one, other)
        and not _is_disturbed(other, one)
        and not set(one.settings) & set(other.settings)
        and (bool(one.touches and other.touches) or not _steps(one) & _steps(other))
        and not _found(one) & _found(other)
        and not (_is_hidden(one, [other]) and _is_hidden(other, [one]))
    )


def _is_disturbed(one: Case, other: Case) -> bool:
    """The other one changes what this one needs, or does not say what it changes."""
    return bool(set(one.needs) & set(other.touches) or (one.needs and not other.touches))


def _steps(case: Case) -> set[str]:
    return {base_of(case.step), *(base_of(step) for step, _ in case.also)}


def _found(case: Case) -> set[str]:
    """Its findings: of two with the same nobody could tell which of them was named."""
    return {*case.codes, *(code for _, code in case.also)}


def _is_hidden(case: Case, others: Sequence[Case]) -> bool:
    """One of the others keeps the run from seeing this one."""
    hidden = {thing for other in others if other is not case for thing in other.hides}
    return EVERYTHING in hidden or bool(hidden & set(case.touches))


def weather(storm: Storm, whole: Lab) -> str:
    """Provoke all, and repair what the plan finds, until it finds nothing; what was seen.

    A plan has to name each case that no other one hides, and nothing else. What was hidden has to
    be named by the plan after the repairs of what hid it.
    """
    parts = [whole.part(case) for case in storm.cases]
    for part in parts:
        apply(STEP.scenario(part.case.scenario), whole.cluster)
        if part.case.strike is not None:
            _done(part.case.strike, part, whole)
    plans = []
    while parts:
        plans.append(_expect_named(whole, parts))
        parts = _repaired(whole, parts)
    ran = whole.run("--plan", *whole.answers)
    problems = problems_of(ran, 0)
    if blocking := findings_of(ran, "block"):
        problems.append(f"found {listed(blocking)}")
    if problems:
        raise Red(f"after all repairs: {'; '.join(problems)}. It said: {said(ran)}", {})
    return ", then ".join(plans)


def _done(deed: Deed, part: Lab, whole: Lab) -> None:
    """What a part does to the inventory is so for all."""
    part.text = whole.text
    deed(part)
    whole.text = part.text


def _visible(parts: Sequence[Lab]) -> list[Lab]:
    cases = [part.case for part in parts]
    return [part for part in parts if not _is_hidden(part.case, cases)]


def _expect_named(whole: Lab, parts: Sequence[Lab]) -> str:
    """One plan: all that can be seen is named, and nothing else."""
    arguments = [word for part in parts for word in part.case.arguments]
    ran = whole.run("--plan", *arguments, *whole.answers)
    visible = _visible(parts)
    wanted = {pair for part in visible for pair in part.wanted}
    problems = problems_of(ran, whole.case.exit_code)
    blocking = findings_of(ran, "block")
    if blocking != wanted:
        problems.append(f"found {listed(blocking)}, expected {listed(wanted)}")
    warned = {code for _, code in findings_of(ran, "warn")}
    problems += [
        f"{part.case.name}: no warning {code}"
        for part in visible
        for code in part.case.warnings
        if code not in warned
    ]
    if problems:
        raise Red(f"{'; '.join(problems)}. It said: {said(ran)}", {})
    for part in visible:
        part.first = ran
    return ", ".join(sorted({code for _, code in wanted}))


def _repaired(whole: Lab, parts: Sequence[Lab]) -> list[Lab]:
    """Each of the visible ones repaired by the remedy of its own findings; those that are left.

    What struck last is repaired first: where it hid the others, they could not be repaired. What
    needs everything else to be as it will stay comes last: an approval is of that plan alone.
    """
    visible = _visible(parts)
    order = visible[::-1]
    order.sort(key=lambda part: EVERYTHING in part.case.needs)
    for part in order:
        assert part.case.repair is not None
        _done(part.case.repair, part, whole)
        if bool(part.printed) is not part.followed:
            told = f"{len(part.printed)} commands are printed"
            raise Red(f"{part.case.name}: the repair is not the remedy as printed: {told}", {})
    return [part for part in parts if part not in visible]
