"""The table of a plan: short where many steps say the same, complete where they do not."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OUT_OF_REACH
from engine.model.change import Change
from engine.model.plan import PlannedStep, Verdict
from engine.plan.table import Line, rendered, table
from engine.record.evidence import unanswered
from tests.engine import kit

NODES = [f"neteye{number:02}.neteyelocal" for number in range(1, 17)]


def step(name: str, verdict: Verdict = Verdict.AFTER, **fields: Any) -> PlannedStep:
    plain = {"reason": "judges what it leaves", "after": "upgrade.run[1]"}
    return PlannedStep(name, name.split(".")[0], verdict, **{**plain, **fields})


def doing(name: str, *argv: str, **fields: Any) -> PlannedStep:
    change = Change(f"what {name} is for", fields.get("node") or kit.N, argv, 60.0)
    return step(name, Verdict.WILL_RUN, changes=(change,), reason=change.what, **fields)


def lines(*steps: PlannedStep, no_return: str = "upgrade.run") -> list[Line]:
    return table(steps, no_return=no_return, shorten=lambda name: name.partition(".")[0])


def upgrade_of_sixteen() -> list[PlannedStep]:
    """As `runbook/phases/test_60_upgrade.py` fans out: rounds, and nodes within them."""
    steps = []
    for number in range(1, 19):
        run = f"upgrade.run[{number}]"
        first = doing(run, "neteye", "upgrade", round=1)
        steps.append(first if number == 1 else step(run, round=number, expected="neteye upgrade"))
        steps.append(step(f"upgrade.stop[{number}]", round=number))
        for part in ("credentials", "files"):
            steps += [
                step(f"migration.{part}[{number}][{node}]", round=number, node=node)
                for node in NODES
            ]
    return steps


def test_rounds_and_nodes_share_a_line() -> None:
    found = lines(*upgrade_of_sixteen())
    assert [line.step for line in found if not line.is_mark] == [
        "upgrade.run[1]",
        "rounds 1 to 18 (611 steps)",
    ]
    assert found[-1].text.startswith("after upgrade.run[1]: depends on what it leaves")
    assert "If needed: neteye upgrade" in found[-1].text


def test_the_point_of_no_return_stands_before_the_first_round() -> None:
    found = lines(step("again.space"), *upgrade_of_sixteen())
    assert [line.is_mark for line in found] == [False, True, False, False]
    assert found[1].text == "point of no return: upgrade.run[1]"
    assert not any(line.is_mark for line in lines(*upgrade_of_sixteen(), no_return=""))
    done = [step(f"upgrade.run[{n}]", Verdict.SATISFIED, round=n, after="") for n in (1, 2)]
    assert not any(line.is_mark for line in lines(*done))


def test_every_command_of_a_step_has_a_line() -> None:
    dump = Change("dump it", kit.SECOND, ("bash", "-c", "set -eu\nlong", "x"), 60.0)
    drop = Change("drop it", kit.N, ("mysql", "-e", "DROP it"), 60.0)
    many = step("backup.proved", Verdict.WILL_RUN, changes=(dump, drop), further="then a proof")
    assert lines(many) == [
        Line("WILL RUN", "backup.proved", "neteye02", "dump it"),
        Line("", "", "neteye01", "mysql -e 'DROP it'"),
        Line("", "", "", "(then a proof)"),
    ]


def test_the_same_commands_on_many_nodes_are_shown_once() -> None:
    steps = [doing(f"migration.files[1][{n}]", "x", round=1, node=n) for n in NODES]
    found = lines(*steps)
    assert len(found) == 2
    assert (found[0].step, found[0].node) == ("migration.files[1]", "16 nodes")
    assert "neteye16" in found[1].text


def test_what_follows_from_nodes_out_of_reach_shares_a_line() -> None:
    def blocked(name: str, *nodes: str) -> PlannedStep:
        found = tuple(unanswered(node, "clock", OUT_OF_REACH) for node in nodes)
        return step(name, Verdict.BLOCKED, findings=found, after="")

    steps = [blocked(f"preflight.{name}", kit.SECOND, kit.THIRD) for name in ("a", "b", "c")]
    assert lines(*steps) == [
        Line(
            *("BLOCKED", "preflight (3 steps)", ""),
            f"not asked of {kit.SECOND}, {kit.THIRD}, out of reach",
        )
    ]
    mixed = step("preflight.d", Verdict.BLOCKED, findings=(kit.finding(),), after="")
    assert [line.step for line in lines(steps[0], mixed, steps[1])] == [
        "preflight.a",
        "preflight.d",
        "preflight.b",
    ]


def test_who_waits_in_vain_shares_a_line_across_phases() -> None:
    root = step("preflight.space", Verdict.BLOCKED, findings=(kit.finding(),), after="")
    waiting = [
        step(name, Verdict.BLOCKED, blocked_by=("preflight.space",), after="")
        for name in ("baseline.recorded", "update.run", "upgrade.run[1]")
    ]
    assert lines(root, *waiting) == [
        Line("BLOCKED", "preflight.space", "", f"[disk-space] {kit.SECOND}"),
        Line("BLOCKED", "baseline to upgrade (3 steps)", "", "waits for preflight.space"),
    ]


def test_bookkeeping_names_its_node() -> None:
    books = step("baseline.recorded", Verdict.WILL_RUN, reason="bookkeeping: x", books_on=kit.N)
    assert lines(books) == [Line("WILL RUN", "baseline.recorded", "neteye01", "bookkeeping: x")]


def test_what_a_person_decides_says_so() -> None:
    asked = step("backup.proved", Verdict.MANUAL, findings=(kit.finding(),), after="")
    assert lines(asked)[0].text == f"a person decides: [disk-space] {kit.SECOND}"
    failed = step("x.y", Verdict.MANUAL, reason="it is odd", after="")
    assert lines(failed)[0].text == "it is odd"


@pytest.mark.parametrize("width", [60, 80, 100, 110, 200])
def test_the_table_fits_whatever_the_width(width: int) -> None:
    name = "verification.glpi_stored_passwords_of_every_server[neteye01.neteyelocal]"
    steps = [
        step("preflight.a", Verdict.SATISFIED, reason="asked and judged now, " * 9, after=""),
        step(name, Verdict.SATISFIED, reason="/a/path/" + "x" * 120, after=""),
        *upgrade_of_sixteen(),
        doing("reactivation.unstandby", "pcs", "node", "unstandby", "--all", "--wait=300"),
    ]
    found = list(rendered(lines(*steps), width))
    assert [line for line in found if len(line) > width] == []
    whole = "".join("".join(found).split())
    for word in ("verdict", "SATISFIED", "neteyeupgrade", "x" * 120, "--wait=300", "neteye01"):
        assert word in whole


def test_a_narrow_table_has_its_texts_below() -> None:
    lines = [Line("AFTER", "upgrade.run[1] and more of it", "neteye01", "neteye upgrade")]
    lines += [Line("", "", "neteye02", "another"), Line("", "", "", "(a note)")]
    assert list(rendered(lines, 60)) == [
        "verdict    step, node",
        "           command or reason",
        "AFTER      upgrade.run[1] and more of it  neteye01",
        "           neteye upgrade",
        "           neteye02: another",
        "           (a note)",
    ]


def test_long_texts_are_wrapped_below_their_column() -> None:
    text = list(rendered([Line("AFTER", "a.b", "n1", "word " * 40)], 100))
    assert all(len(line) <= 100 for line in text)
    begin = text[0].index("command or reason")
    assert all(line[:begin].strip() == "" for line in text[2:])
