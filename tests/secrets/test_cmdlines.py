"""The sampler sees what stands on a command line: else its silence would prove nothing."""

from __future__ import annotations

import subprocess
import sys

from tests.secrets.cmdlines import Cmdlines
from tests.secrets.forms import exposed

SECRET = "on-the-command-line#7/q"
WAITING = "import sys; sys.stdin.read()"


def test_a_secret_on_a_command_line_is_caught() -> None:
    with Cmdlines() as cmdlines:
        with subprocess.Popen(
            [sys.executable, "-c", WAITING, f"--password={SECRET}"], stdin=subprocess.PIPE
        ):
            assert cmdlines.until_seen(SECRET.encode())
    found = exposed({"control": SECRET}, cmdlines.contents())
    assert [place.rpartition(": ")[2] for place in found] == ["control"]


def test_another_process_shows_nothing_of_it() -> None:
    with Cmdlines() as cmdlines:
        with subprocess.Popen([sys.executable, "-c", WAITING, "harmless"], stdin=subprocess.PIPE):
            assert cmdlines.until_seen(b"harmless")
    assert exposed({"control": SECRET}, cmdlines.contents()) == []
