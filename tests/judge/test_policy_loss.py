"""How much may be lost: told before the change, blocking in production only, counted afterwards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.finding import Finding
from engine.model.loss import Lost, share
from runbook.to_4_26.memories import capacity, loss
from runbook.to_4_26.memories.capacity import CapacityClass, ClassCounts
from runbook.to_4_26.memories.capacity_after import Discrepancy
from runbook.to_4_26.memories.comparison import DecoratedOutcome
from runbook.to_4_26.memories.loss import Limit
from runbook.to_4_26.severities import SEVERITIES

PRODUCTION, ELSEWHERE = Limit(1, blocks=True), Limit(1, blocks=False)


def counts(**rows: int) -> ClassCounts:
    named = {CapacityClass[name]: count for name, count in rows.items()}
    return ClassCounts(named, named)


def found(seen: ClassCounts, limit: Limit) -> list[Finding]:
    return loss.findings_before(seen, limit)


def test_in_production_more_than_the_limit_asks_for_a_word() -> None:
    (finding,) = found(counts(INTEGER=980, TEXT=15, DECORATED=5), PRODUCTION)
    assert (finding.code, finding.subject) == ("capacity-loss", "ocsweb.memories.CAPACITY")
    assert finding.observed.startswith("20 of 1000 (2.0 %) values are no plain integers (1000 ")
    assert "at most 10 (runbook_loss_percent = 1)" in finding.expected
    assert "not asked again after the upgrade" in finding.remedy
    assert SEVERITIES.of(finding.code) == "block"
    assert finding.code not in SEVERITIES.never_acceptable


def test_elsewhere_it_warns_and_tells_what_production_would_do() -> None:
    (finding,) = found(counts(INTEGER=980, TEXT=20), ELSEWHERE)
    assert finding.code == "capacity-dirty"
    assert (
        "more than 10 (runbook_loss_percent = 1): in production capacity-loss" in finding.observed
    )
    assert SEVERITIES.of(finding.code) == "warn"


@pytest.mark.parametrize("limit", [PRODUCTION, ELSEWHERE])
def test_up_to_the_limit_it_warns_everywhere(limit: Limit) -> None:
    (finding,) = found(counts(INTEGER=990, TEXT=10), limit)
    assert finding.code == "capacity-dirty"
    assert "in production" not in finding.observed


@pytest.mark.parametrize(("percents", "code"), [(0, "capacity-loss"), (100, "capacity-dirty")])
def test_the_limit_may_be_nothing_or_everything(percents: int, code: str) -> None:
    whole = counts(TEXT=1) if percents else counts(TEXT=1, INTEGER=1_000_000)
    assert [one.code for one in found(whole, Limit(percents, blocks=True))] == [code]


@given(
    st.dictionaries(st.sampled_from(CapacityClass), st.integers(0, 10**7)),
    st.integers(0, 100),
    st.booleans(),
)
def test_one_finding_at_most_and_it_blocks_only_in_production_above_the_limit(
    rows: dict[CapacityClass, int], percents: int, blocks: bool
) -> None:
    seen = ClassCounts(rows, rows)
    lost, limit = seen.of(capacity.LISTED), Limit(percents, blocks=blocks)
    above = lost * 100 > percents * seen.total
    codes = [one.code for one in found(seen, limit)]
    if not lost:
        assert codes == []
    else:
        assert codes == ["capacity-loss" if above and blocks else "capacity-dirty"]
    told = loss.before(seen, limit)
    assert above is (told.count > limit.rows_of(told)), "the text says the same"
    assert told.limit == limit.rows_of(told), "and so does what reports go by"


def test_before_the_most_is_told_with_its_list() -> None:
    seen = counts(INTEGER=90, TEXT=3, DECORATED=2, BLANK=4, NULL=1)
    told = loss.before(seen, ELSEWHERE, "outputs/0001-list.csv")
    assert (told.count, told.total, told.limit, told.where) == (
        5, 100, 1, "outputs/0001-list.csv",
    )  # fmt: skip


def test_afterwards_it_is_counted_with_the_backup_in_the_same_words() -> None:
    seen = counts(INTEGER=90, TEXT=3, DECORATED=2, BLANK=4, NULL=1)
    first, *others = loss.after(seen, DecoratedOutcome(2, 1), [])
    assert (first.count, first.total) == (4, 100)
    assert first.what == loss.before(seen, ELSEWHERE).what
    assert [one.count for one in others] == [0, 0, 0]


def account(told: Lost) -> dict[str, int]:
    """What is no loss, without what there is none of; with the loss it is the whole table."""
    assert told.count + sum(one.count for one in told.no_loss) == told.total
    return {one.what: one.count for one in told.no_loss if one.count}


def test_blank_values_change_too_and_are_no_loss() -> None:
    """They are NULL afterwards like those that are lost: told apart, so that the sum adds up."""
    seen = counts(INTEGER=90, TEXT=3, DECORATED=2, BLANK=4, NULL=1)
    as_before = {"NULL before the upgrade": 1, "integers before the upgrade": 90}
    assert account(loss.before(seen, ELSEWHERE)) == {loss.BLANK: 4, **as_before}
    told = loss.after(seen, DecoratedOutcome(2, 1), [])[0]
    kept = {"integers with something around them, plain now": 1}
    assert account(told) == {loss.BLANK: 4, **kept, **as_before}
    changed = [one.what for one in told.no_loss if one.is_changed and one.count]
    assert changed == [loss.BLANK, *kept], "what was no integer before"


def test_a_blank_value_that_is_not_null_now_is_told_apart() -> None:
    rows = [
        Discrepancy("capacity-zeroed", 1, 1, "", "0"),
        Discrepancy("capacity-zeroed", 1, 2, " \t", "0"),
        Discrepancy("capacity-zeroed", 1, 3, "No", "0"),
        Discrepancy("memories-rows-added", 1, 4, None, "1"),
    ]
    told = loss.after(counts(BLANK=5, TEXT=1, INTEGER=1), DecoratedOutcome(0, 0), rows)[0]
    assert account(told) == {
        loss.BLANK: 3,
        "blank, and not NULL now: see the findings": 2,
        "integers before the upgrade": 1,
    }


def test_what_was_not_to_be_lost_at_all_is_a_loss_of_its_own() -> None:
    rows = [
        *(Discrepancy("capacity-integer-lost", n, 1, "1", None) for n in range(3)),
        Discrepancy("memories-rows-lost", 9, 1, "1", None),
        Discrepancy("memories-machine-gone", 10, 1, "1", None),
    ]
    _, *others = loss.after(counts(INTEGER=9), DecoratedOutcome(0, 0), rows)
    assert {one.what: one.count for one in others if one.count} == {
        "integers, turned into NULL": 3,
        "rows, gone": 1,
    }


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_share_is_never_told_as_nothing_when_it_is_something(count: int, total: int) -> None:
    assert share(count, total).endswith(" (0.0 %)") is (count == 0)
