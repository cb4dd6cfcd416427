"""Targets made at the same time: who failed is told, and all end when they are to end."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.proving import lengthy
from tests.proving.lanes import lanes
from tests.proving.results import ROOT
from tests.proving.together import INTERRUPTED, together

PYTHON = (sys.executable, "-c")


def said_by(**scripts: str) -> tuple[int, list[str]]:
    """Exit code and lines."""
    lines: list[str] = []
    code = together({name: (*PYTHON, script) for name, script in scripts.items()}, lines.append)
    return code, lines


def lines_of(name: str, lines: list[str]) -> list[str]:
    return [text for who, _, text in (line.partition("| ") for line in lines) if name in who]


def test_each_line_says_whose_it_is_and_stays_in_order() -> None:
    script = "import sys\nfor n in range(50): print(n)\nsys.stderr.write('no line end')"
    code, lines = said_by(one=script, other=script)
    assert code == 0
    for name in ("one", "other"):
        *told, last = lines_of(name, lines)
        assert [text for text in told if text.isdecimal()] == [*map(str, range(50))]
        assert "no line end" in told
        assert last.startswith("ok after ")


def test_when_one_fails_the_other_goes_on_and_the_failures_stand_at_the_end(
    tmp_path: Path,
) -> None:
    seen = tmp_path / "seen"
    goes_on = f"import os, time\nwhile not os.path.exists({str(seen)!r}): time.sleep(0.01)"
    failing = (
        "print('..F')\nprint('FAILED tests/a.py::test_b - assert 0')\nprint('1 failed')\n"
        f"open({str(seen)!r}, 'w')\nraise SystemExit(2)"
    )
    code, lines = said_by(unit=failing, integration=goes_on)
    assert code == 1
    assert lines[-3].startswith("unit        | FAILED after ")
    assert lines[-2] == "unit        | FAILED tests/a.py::test_b - assert 0"
    assert lines[-1].startswith("integration | ok after ")


MAKEFILE = """
one other:
\t{python} until.py $@

both:
\t{python} -m tests.proving.together make one other
"""
UNTIL = """
import os, sys, time
try:
    print("begun", sys.argv[1], flush=True)
    for _ in range(6000):
        time.sleep(0.1)
        if sys.argv[1] == "one" and os.path.exists("ends"):
            break
    print("ends", sys.argv[1], flush=True)
except KeyboardInterrupt:
    print("tidied", sys.argv[1], flush=True)
"""


def begun(tmp_path: Path, targets: list[str], prefix: str) -> subprocess.Popen[str]:
    """Targets that go on until Ctrl-C; both have begun."""
    (tmp_path / "Makefile").write_text(MAKEFILE.format(python=sys.executable))
    (tmp_path / "until.py").write_text(UNTIL)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.proving.together", "make", *targets],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    waiting = {f"{prefix}one   | begun one", f"{prefix}other | begun other"}
    for line in process.stdout:
        waiting.discard(line.rstrip("\n"))
        if not waiting:
            return process
    raise AssertionError(f"never said: {waiting}")


def test_no_more_than_are_asked_for_run_at_once(tmp_path: Path) -> None:
    alone = f"import os; os.mkdir({str(tmp_path / 'here')!r}); os.rmdir({str(tmp_path / 'here')!r})"
    lines: list[str] = []
    commands = {f"part {number}": (*PYTHON, alone) for number in range(4)}
    assert together(commands, lines.append, at_once=1) == 0
    assert [line.partition(" | ")[0] for line in lines] == list(commands)


def test_when_nobody_reads_any_more_all_end(tmp_path: Path) -> None:
    """As with `make test | head`."""
    process = begun(tmp_path, ["one", "other"], "")
    assert process.stdout is not None
    process.stdout.close()
    # each says so when it ends: the first one has nobody to say it to
    (tmp_path / "ends").touch()
    assert process.wait(timeout=60) == INTERRUPTED


@pytest.mark.parametrize(
    ("targets", "prefix"), [(["one", "other"], ""), (["both"], "both | ")], ids=["two", "nested"]
)
def test_ctrl_c_ends_all_in_good_order(tmp_path: Path, targets: list[str], prefix: str) -> None:
    process = begun(tmp_path, targets, prefix)
    process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=300)[0]
    assert process.returncode == INTERRUPTED, told
    assert f"SIGINT received: ending {', '.join(targets)}\n" in told
    assert f"{prefix}one   | tidied one" in told
    assert f"{prefix}other | tidied other" in told
    assert "Traceback" not in told


def test_the_lanes_are_the_modules_and_those_that_share_a_cluster(tmp_path: Path) -> None:
    mark = "pytestmark = pytest.mark.integration\n"
    texts = {
        "a": f"{mark}def test_it(small: TestCluster) -> None: ...\n",
        "b": f"{mark}def made(small: TestCluster) -> Ran: ...\n",
        "c": f"{mark}def test_it(clusters: Clusters) -> None: ...\n",
        "d": "def test_it() -> None: ...\n",
        "e": "pytestmark = [pytest.mark.integration, pytest.mark.lengthy]\n",
    }
    folder = tmp_path / "tests" / "integration"
    folder.mkdir(parents=True)
    for name, text in texts.items():
        (folder / f"test_{name}.py").write_text(text)
    assert lanes(tmp_path) == {
        "small": ["tests/integration/test_a.py", "tests/integration/test_b.py"],
        "c": ["tests/integration/test_c.py"],
    }


def test_every_integration_test_has_its_lane() -> None:
    """However a module writes its mark."""
    marked = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("test_*.py")
        if "mark.integration" in path.read_text("utf-8") and path.parent.name != "proving"
    }
    assert marked == {*itertools.chain(*lanes().values()), *lengthy.modules()}
