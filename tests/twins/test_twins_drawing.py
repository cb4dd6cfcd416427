"""Each cluster that is drawn can stand, and is the same each time."""

from __future__ import annotations

from typing import cast

import pytest

from rehearsal.to_4_26 import STEP
from rehearsal.topology import build, parse_counts
from tests.integration.clusters import TestCluster
from tests.twins.drawing import WITHOUT_ASSET, Drawn, drawn, drawn_by, name_of
from tests.twins.edits import DELIBERATE, EDITS, Subject
from tests.twins.pair import VENDORS, make, vendor_of

SEEDS = range(1, 31)
PAIRS = 20
_FILES = ("other-values", "another-access", "settings-off", "line-ends", "module-of-the-site")


def of(seed: int) -> list[Drawn]:
    return [drawn(seed, number) for number in range(1, PAIRS + 1)]


def test_the_same_name_is_the_same_pair() -> None:
    assert of(3) == [drawn_by(one.name) for one in of(3)]
    assert [one.in_words for one in of(3)] != [one.in_words for one in of(4)]
    for name in ("seed-1", "pair-1-seed-2", "x"):
        with pytest.raises(ValueError, match="is no pair, such as seed-1-pair-7"):
            drawn_by(name)


@pytest.mark.parametrize("seed", SEEDS)
def test_each_can_stand(seed: int) -> None:
    for one in of(seed):
        counts = parse_counts(one.nodes)
        assert 2 <= one.operative <= 5
        STEP.draw(one.seeds[0], STEP.scenario(one.scenario).for_settings())
        assert one.seeds[0] != one.seeds[1]
        own = list(one.edits) if one.deliberate is None else [*one.edits, one.deliberate.edit]
        subjects = [edit.subject for edit in own]
        assert len(set(subjects)) == len(subjects), "two of one subject get in each other's way"
        if any(edit.needs_asset for edit in own):
            assert one.scenario != WITHOUT_ASSET
        numbers = range(1, sum(counts.values()) + 1)
        for edit in own:
            reached = [step for step in edit.steps if step.where in numbers or step.where in counts]
            assert reached or edit.sql, f"{edit.name} reaches no node"


@pytest.mark.parametrize("seed", SEEDS)
def test_twenty_have_something_of_each_kind(seed: int) -> None:
    pairs = of(seed)
    used = {edit for one in pairs for edit in one.edits}
    assert {edit.name for edit in used} == {edit.name for edit in EDITS}
    deliberate = {one.deliberate for one in pairs if one.deliberate}
    assert len(deliberate) == len(DELIBERATE) or (len(deliberate) > 1 and seed != 1)
    assert {one.voting for one in pairs} == {0, 1}
    blocked = sum(one.is_blocked for one in pairs)
    assert 5 <= blocked <= 10, "most are upgraded"
    assert {2, 3} <= {one.operative for one in pairs}


def test_the_table_of_edits_is_whole() -> None:
    names = [edit.name for edit in EDITS]
    assert len(set(names)) == len(names)
    assert {edit.subject for edit in EDITS} == set(Subject)
    files = [edit.name for edit in EDITS if edit.subject is Subject.FILES and not edit.blocks]
    assert set(_FILES) < set(files)


def test_what_is_the_vendors_is_the_same_in_the_twin() -> None:
    kept = vendor_of(41)
    assert set(kept) == set(VENDORS)
    assert len({str(vendor_of(seed)) for seed in range(20)}) > 1
    again = STEP.draw(77, STEP.scenario().for_settings(kept))
    assert {name: again[name] for name in kept} == kept
    assert again["passwords"] != STEP.draw(41)["passwords"]


def test_a_name_says_seed_and_number() -> None:
    assert name_of(1, 7) == "seed-1-pair-7"


def test_the_database_is_edited_before_what_may_move_it() -> None:
    done: list[tuple[str, object]] = []

    class Nodes:
        topology = build(counts=parse_counts("operative=2"), services=STEP.services)

        def sql(self, statement: str) -> None:
            done.append(("sql", statement))

        def container(self, node: str) -> str:
            return node

    def execute(container: str, argv: tuple[str, ...], timeout: float) -> None:
        done.append((container, argv))

    by_name = {edit.name: edit for edit in EDITS}
    edits = [by_name[name] for name in ("standby-node", "program-missing", "dirty-values")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rehearsal.podman.execute", execute)
        make(cast("TestCluster", Nodes()), edits)
    assert [where for where, _ in done] == ["sql", "neteye01", "neteye02"]
