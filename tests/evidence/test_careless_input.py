"""Files and JSON of somebody else: no pipe is waited for, nothing ends in a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine import verify
from engine.verify import DEEPEST, USAGE, read_file, read_json
from tests.evidence.sealed import Signed, made


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Signed:
    return made(tmp_path_factory.mktemp("run") / "run")


@pytest.fixture
def run(original: Signed, tmp_path: Path) -> Signed:
    return original.copy(tmp_path / "copy")


WAIT = 20
"""Seconds for a process that would wait for a pipe for ever."""


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def test_json_of_a_sane_depth_is_read() -> None:
    assert json.dumps(read_json(nested(DEEPEST))) == nested(DEEPEST)
    flat = json.dumps([[]] * 1000 + ["[" * 1000])
    assert read_json(flat) == json.loads(flat)


@pytest.mark.parametrize("depth", [DEEPEST + 1, 500, 100_000])
@pytest.mark.parametrize("around", ["{}", '{{"a": {}}}', '[{{"a": [1, {}]}}]'])
def test_what_is_nested_deeper_is_no_value(depth: int, around: str) -> None:
    with pytest.raises(ValueError, match="nested"):
        read_json(around.format(nested(depth)))


@pytest.mark.parametrize("text", [r'"\ud800"', r'{"\uDFFF": 1}', r'["a\udc80b"]', '"\udcff"'])
def test_half_a_character_is_no_text(text: str) -> None:
    with pytest.raises(ValueError, match="half a character"):
        read_json(text)


def test_a_whole_character_in_two_halves_is_one() -> None:
    assert read_json(r'"\ud83d\ude00 \\ud800"') == "\U0001f600 \\ud800"


def test_only_a_file_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is a pipe, expected a file"):
        read_file(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is a device or a socket, expected a file"):
        read_file(Path("/dev/zero"))
    with pytest.raises(IsADirectoryError):
        read_file(tmp_path)


def test_only_as_much_is_read_as_fits(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * (1 << 20))
    assert len(read_file(tmp_path / "file", 1 << 20)) == 1 << 20
    with (tmp_path / "file").open("ab") as file:
        file.write(b"x")
    with pytest.raises(OSError, match="larger than 1 MiB"):
        read_file(tmp_path / "file", 1 << 20)


def verified(run: Signed) -> subprocess.CompletedProcess[str]:
    """By a process of its own, which does not wait for ever."""
    words = [sys.executable, str(Path(verify.__file__)), str(run.directory)]
    return subprocess.run(words, capture_output=True, text=True, timeout=WAIT, check=False)


@pytest.mark.parametrize("name", ["journal.jsonl", "manifest.json", "earlier/x.jsonl"])
def test_a_pipe_in_a_run_s_directory_is_told(run: Signed, name: str) -> None:
    path = run.directory / name
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    os.mkfifo(path)
    done = verified(run)
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert done.stderr == f"ERROR: {path}: can't be read (it is a pipe, expected a file)\n"


@pytest.mark.parametrize("depth", [100, 400, 900, 100_000])
def test_a_manifest_that_is_nested_deeply_is_not_valid(run: Signed, depth: int) -> None:
    path = run.directory / "manifest.json"
    path.write_text(path.read_text().replace('"rebuilt": null', f'"rebuilt": {nested(depth)}'))
    done = verified(run)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("NOT VALID: manifest.json was altered")


@pytest.mark.parametrize("depth", [400, 100_000])
def test_a_line_that_is_nested_deeply_is_not_valid(run: Signed, depth: int) -> None:
    lines = run.lines
    lines[4] = lines[4].replace(b"{", b'{"output": {"file": %s}, ' % nested(depth).encode(), 1)
    run.put(lines)
    done = verified(run)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("NOT VALID: journal.jsonl: line 5 was altered")
