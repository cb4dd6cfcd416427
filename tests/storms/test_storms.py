"""Storms: what is drawn, and what a plan has to name."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.findings.case import Case, Start, red
from tests.findings.every import ALL
from tests.findings.lab import Lab
from tests.proving.kind import Red
from tests.storms import storm as storms
from tests.storms.__main__ import start
from tests.storms.storm import Storm, can_be_drawn, drawn, stand_together, weather


def mended(lab: Lab) -> None:
    """Mended by hand."""
    WORLD.wrong.discard(lab.case.name)


def case(name: str, step: str = "preflight.health", **other: Any) -> Case:
    return red(name, Start.PREFLIGHT, step, f"{name}-code", 10, mended, **other)


def striking(lab: Lab) -> None:
    """It goes wrong."""
    WORLD.strikes(lab)


ONE = case("one", touches="file", strike=striking)
TWO = case("two", touches="table", strike=striking)
DARK = case("dark", "preflight.reachable", touches="node", hides="*", strike=striking)


def test_a_seed_always_draws_the_same_storm() -> None:
    assert [drawn(seed, ALL) for seed in range(30)] == [drawn(seed, ALL) for seed in range(30)]


def test_seeds_draw_two_or_three_that_can_stand_together() -> None:
    found = [drawn(seed, ALL).cases for seed in range(100)]
    assert {len(cases) for cases in found} == {2, 3}
    assert len({tuple(case.name for case in cases) for cases in found}) > 50
    for cases in found:
        assert all(can_be_drawn(case) for case in cases)
        assert all(stand_together(a, b) for a in cases for b in cases if a is not b)


@pytest.mark.parametrize(
    "other",
    [
        replace(TWO, touches=("table", "file")),
        replace(TWO, codes=("one-code",)),
        replace(TWO, nodes="operative=3"),
        replace(TWO, exit_code=13),
        replace(TWO, touches=()),
        replace(TWO, also=(("preflight.x", "one-code"),)),
        replace(TWO, settings={"runbook_window": "now"}),
    ],
    ids=["thing", "finding", "other nodes", "other end", "step", "finding with it", "setting"],
)
def test_they_do_not_stand_together(other: Case) -> None:
    one = replace(ONE, settings={"runbook_window": ""})
    assert stand_together(one, TWO)
    assert not stand_together(one, other)
    assert not stand_together(other, one)


def test_what_a_case_needs_no_other_one_touches() -> None:
    one = replace(ONE, needs=("services",))
    assert stand_together(one, TWO)
    for other in (replace(TWO, touches=("services",)), case("silent", "preflight.normal")):
        assert stand_together(ONE, other)
        assert not stand_together(one, other)
        assert not stand_together(other, one)


def test_two_that_hide_each_other_do_not_stand_together() -> None:
    assert stand_together(ONE, replace(TWO, hides=("file",)))
    assert not stand_together(replace(ONE, hides=("table",)), replace(TWO, hides=("file",)))


def test_what_stops_later_or_not_at_all_is_not_drawn() -> None:
    assert can_be_drawn(ONE)
    assert not can_be_drawn(replace(ONE, start=Start.BEGINNING))
    assert not can_be_drawn(replace(ONE, codes=(), warnings=("w",)))


def test_a_cluster_that_one_of_them_leaves_otherwise_is_not_compared() -> None:
    assert not Storm(1, (ONE, TWO)).whole.stays
    assert Storm(1, (ONE, replace(TWO, stays="rows are gone"))).whole.stays == "rows are gone"


def test_no_two_that_stand_together_is_said() -> None:
    with pytest.raises(ValueError, match="no two cases"):
        drawn(1, [ONE, replace(ONE, name="again")])


def test_what_hides_strikes_last() -> None:
    for seed in range(9):
        assert drawn(seed, [DARK, ONE]).cases == (ONE, DARK)


# the weather, on a cluster that is no cluster


@dataclass
class World:
    """What is wrong; a plan names it, each case's finding at its step."""

    wrong: set[str] = field(default_factory=set)
    happened: list[str] = field(default_factory=list)
    blind: set[str] = field(default_factory=set)
    """What is not found though it is wrong."""

    def strikes(self, lab: Lab) -> None:
        self.wrong.add(lab.case.name)
        self.happened.append(f"strike {lab.case.name}")

    def plan(self) -> Seen:
        known = {case.name: case for case in (ONE, TWO, DARK)}
        seen = {"dark"} if "dark" in self.wrong else self.wrong - self.blind
        self.happened.append("plan " + ",".join(sorted(seen)))
        events = [
            {"event": "finding", "step": known[name].step, "code": f"{name}-code",
             "severity": "block", "subject": "node"}
            for name in sorted(seen)
        ]  # fmt: skip
        return Seen(10 if seen else 0, events)


class Seen:
    """A run as far as storms look at it."""

    console = ""

    def __init__(self, code: int, events: list[dict[str, Any]]) -> None:
        self.code = code
        self.events = events


def ended_otherwise(ran: Seen, code: int) -> list[str]:
    return [] if ran.code == code else [f"exit code {ran.code}"]


WORLD = World()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(sys.modules[__name__], "WORLD", made)
    monkeypatch.setattr(Lab, "run", lambda self, *words, extra=None: made.plan())
    monkeypatch.setattr(Lab, "steps", property(lambda self: [self.case.step]))
    monkeypatch.setattr(storms, "apply", lambda *_: None)
    monkeypatch.setattr(storms, "said", lambda ran: "")
    monkeypatch.setattr(storms, "problems_of", ended_otherwise)
    return made


def blown(*cases: Case) -> str:
    storm = Storm(1, cases)
    return weather(storm, Lab(storm.whole, None, Path()))  # type: ignore[arg-type]


def test_all_are_named_at_once_and_each_is_mended(world: World) -> None:
    assert blown(ONE, TWO) == "one-code, two-code"
    assert world.happened == ["strike one", "strike two", "plan one,two", "plan "]


def test_what_one_does_to_the_inventory_the_others_find_there(world: World) -> None:
    texts = []

    def edited(lab: Lab) -> None:
        """The inventory is edited."""
        world.strikes(lab)
        texts.append(lab.text)
        lab.text += f"{lab.case.name}\n"

    blown(replace(ONE, strike=edited), replace(TWO, strike=edited))
    assert texts == ["", "one\n"]


def test_what_is_hidden_is_named_after_the_repair_of_what_hides_it(world: World) -> None:
    assert blown(ONE, TWO, DARK) == "dark-code, then one-code, two-code"
    assert world.happened[3:] == ["plan dark", "plan one,two", "plan "]


@pytest.mark.parametrize("first", [0, 1])
def test_what_needs_all_else_to_be_mended_is_mended_last(world: World, first: int) -> None:
    """An approval is of one plan: whatever is mended afterwards makes another one."""

    def noted(lab: Lab) -> None:
        """Mended, and noted."""
        mended(lab)
        world.happened.append(f"mend {lab.case.name}")

    cases = [replace(ONE, repair=noted, needs=("*",)), replace(TWO, repair=noted)]
    blown(cases[first], cases[1 - first])
    assert world.happened[-3:] == ["mend two", "mend one", "plan "]


def test_one_that_another_hides_without_saying_so_is_red(world: World) -> None:
    world.blind.add("two")
    with pytest.raises(Red, match=r"found one-code at [\w.]+, expected one-code.*two-code"):
        blown(ONE, TWO)


def test_what_is_still_wrong_after_the_repairs_is_red(world: World) -> None:
    def nothing(lab: Lab) -> None:
        """Nothing."""

    with pytest.raises(Red, match="after all repairs"):
        blown(ONE, replace(TWO, repair=nothing))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seeds", "0"], "--seeds 0: expected a number from 1 to 1000"),
        (["--seeds", "many"], "--seeds many: expected a number from 1 to 1000"),
        (["--seeds", "2", "--only", "seed-3"], "no case 'seed-3'; there are: seed-1, seed-2"),
        (["--shard", "3/2"], "expected NUMBER/OF"),
    ],
)
def test_bad_input_is_named(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.setattr("tests.storms.__main__.remove_leftovers", lambda: None)
    assert start(arguments) == 4
    assert said in capsys.readouterr().err
