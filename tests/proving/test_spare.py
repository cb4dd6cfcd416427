"""What gives way to all others."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.proving.results import ROOT

ASKED = "import os; print(os.sched_getscheduler(0)); print(open('/proc/self/autogroup').read())"


def test_the_command_and_all_that_it_starts_give_way() -> None:
    starts = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {ASKED!r}], check=True)"
    )
    words = [sys.executable, "-m", "tests.proving.spare", sys.executable, "-c", starts]
    done = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, check=True, start_new_session=True
    )
    policy, group = done.stdout.split(maxsplit=1)
    assert int(policy) == os.SCHED_IDLE
    assert group.split()[-1] == "19"
