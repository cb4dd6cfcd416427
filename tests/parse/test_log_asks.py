"""What the vendor's log asks for: found whatever its words, and not where it asks for nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.parse.log_asks import asked_in
from engine.parse.play_log import PlayLog

ASKS = [
    "One or more nodes may need a reboot to use the new kernel",
    "A reboot is suggested on: neteye01.neteyelocal",
    "Upgrade done. Please reboot neteye02 - no other node is concerned",
    "WARNING: the service tornado must be restarted",
    "[!] reboot required",
    "Rebooting is not needed, but a restart of httpd is recommended",
    "It was not done by itself: a re-boot is pending",
]
ASKS_NOT = [
    "",
    "No reboot is required",
    "a reboot is not needed",
    "none of the nodes needs a reboot",
    "You don't need to restart anything",
    "Rebooting the standby node",
    "services restarted as required",
    "Please wait",
    "bootstrap needed",
    "PLAY RECAP ****",
    "changed: [n1] => (item=restart what needs it)",
]


@pytest.mark.parametrize("line", ASKS)
def test_it_asks(line: str) -> None:
    assert asked_in(f"  {line} ") == line


@pytest.mark.parametrize("line", ASKS_NOT)
def test_it_does_not_ask(line: str) -> None:
    assert asked_in(line) == ""


def test_of_a_task_s_result_what_it_was_made_to_say() -> None:
    said = asked_in('ok: [n1] => {"changed": false, "msg": "A reboot is suggested"}')
    assert said == "A reboot is suggested"


def test_a_log_has_each_once_and_no_heading() -> None:
    log = PlayLog()
    for line in ("TASK [restart httpd, please] ***", ASKS[0], "ok: [n1]", ASKS[0], ASKS[1]):
        log.feed(line)
    assert log.asked() == (ASKS[0], ASKS[1])


def test_a_flood_is_kept_in_part() -> None:
    log = PlayLog()
    for number in range(1000):
        log.feed(f"reboot needed on node {number} {'x' * 5000}")
    assert len(log.asked()) == 20
    assert max(map(len, log.asked())) <= 2000


@given(st.text(max_size=300))
def test_any_line_gives_one_line(text: str) -> None:
    assert "\n" not in asked_in(text)
