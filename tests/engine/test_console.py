"""What the operator sees: lines that can't steer the terminal, and how far it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO

import pytest

from engine.record.redact import Redactor
from engine.report.console import Console, LastingOutput, clean_line, clock
from engine.secrets import MASK, Secret
from tests.engine.kit import FakeTime


class Screen:
    def __init__(self, total: int = 20, expected: float = 600.0) -> None:
        self.time = FakeTime()
        self.lines: list[str] = []
        self.markups: list[dict[str, bool]] = []
        self.redactor = Redactor()
        self.console = Console(
            self._write, total, expected, self.redactor.clean_output, self.time.clock
        )

    def _write(self, text: str, **markup: bool) -> None:
        self.lines.append(text)
        self.markups.append(markup)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ö\ttab", "plain ö\ttab"),
        ("\x1b[31mred\x1b[0m", "?[31mred?[0m"),
        ("\x1b]0;title\x07", "?]0;title?"),
        ("back\b\b\b\rover", "back????over"),
        ("\x9b2J\x00\x7f", "?2J??"),
        ("\u202eright to left\u200b", "?right to left?"),
    ],
)
def test_what_a_node_says_cannot_steer_the_terminal(text: str, shown: str) -> None:
    assert clean_line(text) == shown


def test_control_characters_are_gone_from_every_way_to_write() -> None:
    screen = Screen()
    evil = "x\x1b[2Jy"
    screen.console.line(evil)
    screen.console.step(f"phase.{evil}", evil)
    screen.console.output(evil)
    screen.console.idle(evil)
    screen.console.ended("failed", evil, 5.0)
    assert "\x1b" not in screen.text
    assert screen.text.count("x?[2Jy") >= 5


def test_secrets_are_masked_in_every_way_to_write() -> None:
    screen = Screen()
    screen.redactor.learn(Secret("Tr0ub4dor&3"))
    text = "login with Tr0ub4dor&3, password = Hunter2x"
    screen.console.line(text)
    screen.console.step(f"phase.{text}", text)
    screen.console.output(text)
    screen.console.idle(text)
    screen.console.ended("failed", text, 5.0)
    assert "Tr0ub4dor" not in screen.text
    assert "Hunter2x" not in screen.text
    assert screen.text.count(f"login with {MASK}, password = {MASK}") >= 5


def test_a_name_at_the_end_of_a_line_masks_the_next_one() -> None:
    screen = Screen()
    screen.console.output("password =\n  Hunter2x\n")
    assert "Hunter2x" not in screen.text


def test_a_text_of_several_lines_is_several_lines() -> None:
    screen = Screen()
    screen.console.line("one\ntwo")
    screen.console.output("three\nfour\n")
    assert screen.lines == ["one", "two", "    | three", "    | four"]


def test_the_progress_line_says_phase_step_elapsed_and_expected() -> None:
    screen = Screen(total=84, expected=5400)
    screen.console.step("upgrade.run[1]", "A round of the upgrade.")
    screen.time.seconds = 200
    screen.console.output("log")
    assert any(line.startswith("== upgrade ===") for line in screen.lines)
    assert "[1/84  0:03:20 of about 1:30:00]  upgrade.run[1]: A round of the upgrade." in (
        screen.lines
    )
    screen.time.seconds = 5500
    assert screen.console.progress().endswith("1:30:00  LONGER THAN EXPECTED]")


def test_a_phase_is_announced_once() -> None:
    screen = Screen()
    for name in ("a.one", "a.two", "b.three"):
        screen.console.step(name, "x")
        screen.console.ended("done", "y", 0)
    assert len([line for line in screen.lines if line.startswith("== ")]) == 2


def test_a_step_that_is_not_reached_counts_without_a_line() -> None:
    screen = Screen()
    screen.console.skip()
    assert screen.lines == []
    assert screen.console.progress().startswith("[1/20")


def test_each_outcome_is_told_with_its_reason() -> None:
    screen = Screen()
    for outcome in ("done", "nothing to do", "not needed", "not applicable", "failed"):
        screen.console.step(f"a.{outcome}", "intent")
        screen.console.ended(outcome, f"because of {outcome}", 0)
        assert outcome in screen.lines[-1]
        assert f"because of {outcome}" in screen.lines[-1]
        assert any(f"a.{outcome}:" in line for line in screen.lines)
    assert screen.markups[-1] == {"red": True}


def test_time_is_told_when_it_is_worth_a_word() -> None:
    screen = Screen()
    screen.console.step("a.b", "c")
    screen.console.ended("done", "why", 1.4)
    assert "s)" not in screen.lines[-1]
    screen.console.step("a.c", "c")
    screen.console.ended("done", "why", 61.0)
    assert "done (61 s)  why" in screen.lines[-1]


def test_silence_is_told_when_its_word_changes_and_every_half_minute() -> None:
    screen = Screen()
    screen.console.step("a.b", "c")
    screen.console.output("begin")
    before = len(screen.lines)
    for _ in range(29):
        screen.time.seconds += 1
        screen.console.idle("")
    assert len(screen.lines) == before
    screen.time.seconds += 1
    screen.console.idle("")
    assert "still running" in screen.lines[-1]
    screen.time.seconds += 1
    screen.console.idle("n1 is out of reach")
    assert "n1 is out of reach" in screen.lines[-1]
    told = len(screen.lines)
    screen.console.idle("n1 is out of reach")
    assert len(screen.lines) == told


def test_during_a_long_silence_a_line_comes_every_half_minute_only() -> None:
    screen = Screen()
    screen.console.step("a.b", "c")
    screen.console.output("begin")
    before = len(screen.lines)
    for _ in range(120):
        screen.time.seconds += 1
        screen.console.idle("")
    assert len(screen.lines) - before <= 5


def test_durations_are_told_as_a_clock_does() -> None:
    assert [clock(0), clock(3723.9)] == ["0:00:00", "1:02:03"]


def nobody_reads() -> TextIO:
    """A pipe whose reader has gone, as a terminal does that hangs up."""
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "w")


def test_a_terminal_that_is_gone_breaks_nothing() -> None:
    file = nobody_reads()
    output = LastingOutput(file, Redactor().clean)
    output.write("x" * 100_000)
    output.flush()
    assert output.problem == "Broken pipe"
    assert output.write("more") == 4
    output.say("a word")
    file.close()  # what waited in its buffer is gone as well: this would raise


def test_what_is_muted_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "shown"
    with path.open("w") as file:
        output = LastingOutput(file, Redactor().clean)
        with output.muted():
            output.write("noise")
        output.write("word\n")
        output.flush()
        output.say("at once\x1b[2J")
    assert path.read_text() == "word\n\nat once?[2J\n"


def test_what_pytest_itself_writes_is_masked(tmp_path: Path) -> None:
    redactor = Redactor()
    redactor.learn(Secret("Tr0ub4dor&3"))
    with (tmp_path / "shown").open("w") as file:
        output = LastingOutput(file, redactor.clean)
        assert output.write("INTERNALERROR> Tr0ub4dor&3\n") == 27
        output.flush()
        output.say("waiting for Tr0ub4dor&3")
    shown = (tmp_path / "shown").read_text()
    assert shown == f"INTERNALERROR> {MASK}\n\nwaiting for {MASK}\n"


def test_it_is_the_terminal_in_everything_else(tmp_path: Path) -> None:
    with (tmp_path / "x").open("w", encoding="latin-1") as file:
        output = LastingOutput(file, Redactor().clean)
        assert (output.encoding, output.isatty()) == ("latin-1", False)


def idle(screen: Screen, name: str, node: str = "", why: str = "not needed") -> None:
    screen.console.step(name + (f"[{node}]" if node else ""), "An intent.", node)
    screen.console.ended("not needed", why, 0.0)


def sixteen_rounds(screen: Screen) -> None:
    """Rounds 3 to 18 of a cluster with sixteen nodes, each with 34 steps that were not needed."""
    for number in range(3, 19):
        idle(screen, f"upgrade.run[{number}]", why="round 2 was the last one")
        for node in range(1, 17):
            idle(screen, f"migration.files[{number}]", f"n{node:02}.local")


def test_rounds_that_were_not_needed_are_one_line() -> None:
    screen = Screen(total=300)
    screen.console.step("upgrade.window", "The window holds.")
    screen.console.ended("done", "it does", 0.0)
    before = len(screen.lines)
    sixteen_rounds(screen)
    assert len(screen.lines) == before
    screen.console.step("verification.versions", "All have it.")
    assert screen.lines[before] == (
        "[273/300  0:00:00 of about 0:10:00]  rounds 3 to 18 of upgrade.run; rounds 3 to 18 of"
        " migration.files on 16 nodes: not needed: round 2 was the last one, not needed"
    )
    assert screen.lines[before + 1 :] == ["", f"== verification {'=' * 58}"]


def test_what_comes_behind_steps_that_share_a_line_stands_below_them() -> None:
    """A step that does something, a command's log, a stop: whatever is shown next."""
    for show in (
        lambda console: console.output("log"),
        lambda console: console.idle("n1 is out of reach"),
        lambda console: console.line("STOPPED"),
        lambda console: (console.step("a.b[2][n1]", "x", "n1"), console.ended("done", "y", 0.0)),
    ):
        screen = Screen()
        idle(screen, "a.b[1]", "n1")
        idle(screen, "a.b[1]", "n2")
        show(screen.console)
        told = "[2/20  0:00:00 of about 0:10:00]  round 1 of a.b on n1, n2: not needed: not needed"
        assert screen.lines[2] == told
        assert len(screen.lines) > 3


def test_one_step_of_a_fan_out_that_was_not_needed_has_its_line_as_it_is() -> None:
    screen = Screen()
    idle(screen, "a.b[1]", "n1")
    screen.console.line("")
    assert screen.lines[2].endswith("]  a.b[1][n1]: not needed: not needed")


def test_steps_that_share_a_line_say_how_they_ended_and_the_first_reasons() -> None:
    screen = Screen()
    for number, outcome in enumerate(("not needed", "nothing to do", "nothing to do"), 1):
        screen.console.step(f"a.b[n{number}]", "x", f"n{number}")
        screen.console.ended(outcome, f"why {number}", 0.0)
    screen.console.line("")
    said = "a.b on 3 nodes: not needed, nothing to do: why 1, why 2 and 1 more"
    assert screen.lines[2].endswith(f"]  {said}")


def test_a_step_with_a_finding_shares_its_line_with_none() -> None:
    screen = Screen()
    for number in range(1, 6):
        screen.console.step(f"a.b[n{number}]", "x", f"n{number}")
        screen.console.ended("not needed", f"why {number}", 0.0, has_findings=number == 4)
    screen.console.line("")
    head = "[{}/20  0:00:00 of about 0:10:00]  "
    assert screen.lines[2:-1] == [
        f"{head.format(3)}a.b on 3 nodes: not needed: why 1, why 2 and 1 more",
        f"{head.format(4)}a.b[n4]: not needed: why 4",
        f"{head.format(5)}a.b[n5]: not needed: why 5",
    ]


def test_a_long_reason_ends_behind_a_word_with_a_mark() -> None:
    screen = Screen()
    screen.console.step("a.b", "x")
    screen.console.ended("done", "neteye01 4.25, " * 40, 0.0)
    assert screen.lines[-1].endswith(" neteye01 4.25,…")
