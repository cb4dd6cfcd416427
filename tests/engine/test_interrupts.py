"""Signals: raised once, where nothing is torn; afterwards only answered."""

# ruff: noqa: PT012  # what is tried is where in a block a signal comes out

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from engine.record.interrupts import SIGNALS, TOGETHER, UNWINDING, Interrupts
from tests.engine.kit import FakeTime


class Heard:
    def __init__(self) -> None:
        self.time = FakeTime()
        self.said: list[str] = []
        self.interrupts = Interrupts(say=self.said.append, clock=self.time.clock)

    def signal(self, name: str = "SIGTERM") -> None:
        self.interrupts.hear(signal.Signals[name])


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def own_signals() -> Iterator[None]:
    """What this process does with them is put back."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_signal_is_a_keyboard_interrupt_of_its_name(heard: Heard) -> None:
    with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
        heard.signal()


def test_a_second_one_does_not_break_the_first_ones_way(heard: Heard) -> None:
    with pytest.raises(KeyboardInterrupt):
        heard.signal("SIGINT")
    heard.signal("SIGINT")
    heard.time.seconds += UNWINDING
    with pytest.raises(KeyboardInterrupt, match="SIGINT"):
        heard.signal()


def test_while_the_run_ends_they_are_only_answered(heard: Heard) -> None:
    heard.interrupts.ending = True
    for name in ("SIGHUP", "SIGTERM", "SIGINT"):
        heard.signal(name)
    assert len(heard.said) == 3
    assert "is ending already" in heard.said[0]


def test_what_must_be_whole_is_done_first(heard: Heard) -> None:
    done = []
    with pytest.raises(KeyboardInterrupt):
        with heard.interrupts.whole():
            heard.signal()
            heard.signal()
            done.append("line")
    assert done == ["line"]


def test_a_change_is_waited_for(heard: Heard) -> None:
    done = []
    with pytest.raises(KeyboardInterrupt):
        with heard.interrupts.waited_for("set x on n"):
            with heard.interrupts.whole():
                heard.signal()
            done += ["change", "result"]
    assert done == ["change", "result"]


def test_it_is_told_what_is_waited_for(heard: Heard) -> None:
    with pytest.raises(KeyboardInterrupt):
        with heard.interrupts.waited_for("set x on n"):
            heard.signal()
    assert heard.said[0].startswith("SIGTERM: waiting for set x on n; once more breaks it off")


def test_a_second_one_breaks_off_what_is_waited_for(heard: Heard) -> None:
    with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
        with heard.interrupts.waited_for("set x on n"):
            heard.signal()
            heard.time.seconds += TOGETHER
            heard.signal("SIGINT")
            raise AssertionError("it went on")


def test_several_kinds_sent_together_are_one(heard: Heard) -> None:
    """As systemd stops the scope of a session: SIGTERM, and SIGHUP with it."""
    done = []
    with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
        with heard.interrupts.waited_for("set x on n"):
            with heard.interrupts.whole():
                heard.signal("SIGTERM")
                heard.signal("SIGHUP")
            heard.time.seconds += TOGETHER / 2
            heard.signal("SIGINT")
            done += ["change", "result"]
    assert done == ["change", "result"]


@pytest.mark.parametrize(("second", "later"), [("SIGTERM", 0.0), ("SIGHUP", TOGETHER)])
def test_the_same_kind_or_a_later_one_is_a_second_signal(
    heard: Heard, second: str, later: float
) -> None:
    heard.time.seconds = 100.0
    with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
        with heard.interrupts.waited_for("set x on n"):
            heard.signal("SIGTERM")
            heard.signal("SIGHUP")
            heard.time.seconds += later
            heard.signal(second)
            raise AssertionError("it went on")


def test_what_lives_without_us_is_not_waited_for(heard: Heard) -> None:
    with pytest.raises(KeyboardInterrupt):
        with heard.interrupts.waited_for("neteye upgrade on n"):
            with heard.interrupts.at_once():
                heard.signal()
                raise AssertionError("it went on")
    assert heard.said == []


def test_what_came_before_it_is_raised_at_its_beginning(heard: Heard) -> None:
    with pytest.raises(KeyboardInterrupt):
        with heard.interrupts.waited_for("neteye upgrade on n"):
            heard.signal()
            with heard.interrupts.at_once():
                raise AssertionError("it went on")


def test_an_error_within_wins_and_the_signal_is_not_lost(heard: Heard) -> None:
    with pytest.raises(ValueError, match="of its own"):
        with heard.interrupts.waited_for("x"):
            heard.signal()
            raise ValueError("of its own")
    with pytest.raises(KeyboardInterrupt):
        heard.interrupts.check()


def test_other_threads_put_nothing_off(heard: Heard) -> None:
    inside, over = threading.Event(), threading.Event()

    def ask() -> None:
        with heard.interrupts.whole():
            inside.set()
            over.wait(10)

    thread = threading.Thread(target=ask)
    thread.start()
    inside.wait(10)
    with pytest.raises(KeyboardInterrupt):
        heard.signal()
    over.set()
    thread.join(10)


@pytest.mark.usefixtures("own_signals")
@pytest.mark.parametrize("number", SIGNALS)
def test_real_signals_are_heard(heard: Heard, number: signal.Signals) -> None:
    heard.interrupts.install()
    with pytest.raises(KeyboardInterrupt, match=number.name):
        os.kill(os.getpid(), number)


@pytest.mark.usefixtures("own_signals")
def test_a_signal_that_nohup_ignores_stays_ignored(heard: Heard) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    heard.interrupts.install()
    os.kill(os.getpid(), signal.SIGHUP)
    assert heard.interrupts.count == 0
