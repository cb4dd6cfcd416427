"""Long texts: an excerpt for the journal, the whole beside it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.record.outputs import EXCERPT, Outputs


@pytest.fixture
def outputs(tmp_path: Path) -> Outputs:
    (tmp_path / "outputs").mkdir()
    clean: Callable[[str], str] = lambda text: text.replace("s3cret", "******")  # noqa: E731
    return Outputs(tmp_path / "outputs", clean)


def test_a_short_text_is_its_own_description(outputs: Outputs, tmp_path: Path) -> None:
    assert outputs.describe("n", "x" * EXCERPT) == {"text": "x" * EXCERPT}
    assert list((tmp_path / "outputs").iterdir()) == []


def test_a_long_text_is_in_a_file_with_its_digest(outputs: Outputs, tmp_path: Path) -> None:
    text = "head " + "ö" * EXCERPT + " tail"
    told = outputs.describe("node1-packages", text)
    file = tmp_path / told["file"]
    assert file.read_text() == text
    assert told["size"] == file.stat().st_size
    assert told["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert file.stat().st_mode & 0o777 == 0o600
    assert told["text"].startswith("head ")
    assert told["text"].endswith(" tail")
    assert "[... 10 characters ...]" in told["text"]


def test_both_are_redacted(outputs: Outputs, tmp_path: Path) -> None:
    told = outputs.describe("n", "s3cret" + "x" * EXCERPT + "s3cret")
    assert "s3cret" not in told["text"]
    assert "s3cret" not in (tmp_path / told["file"]).read_text()
    assert "s3cret" not in outputs.describe("n", "s3cret")["text"]


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "x" * 300, "", "-rf", "<b>\n&"])
def test_any_name_gives_a_file_in_the_directory(
    outputs: Outputs, tmp_path: Path, name: str
) -> None:
    file = tmp_path / outputs.write(name, b"x")
    assert file.parent.resolve() == (tmp_path / "outputs").resolve()
    assert file.name.startswith("0001-")
    assert file.read_bytes() == b"x"


def test_equal_names_from_many_threads_are_files_of_their_own(
    outputs: Outputs, tmp_path: Path
) -> None:
    threads = [threading.Thread(target=outputs.write, args=("same", b"x")) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list((tmp_path / "outputs").iterdir())) == 16


def test_a_command_is_whole_with_its_line_ends(outputs: Outputs) -> None:
    script = "sh -c 'set -eu\n" + "echo one\n" * 100 + "'"
    assert outputs.command("n", script) == {"command": script}


def test_a_long_command_is_cut_with_a_mark_and_is_whole_in_a_file_once(
    outputs: Outputs, tmp_path: Path
) -> None:
    script = "head s3cret" + "x" * EXCERPT + "tail"
    told = outputs.command("n", script)
    assert told["command"].startswith("head ******")
    assert told["command"].endswith("tail")
    assert "[... 15 characters ...]" in told["command"]
    file = tmp_path / told["whole"]["file"]
    assert file.read_text() == script.replace("s3cret", "******")
    assert told["whole"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert outputs.command("another", script) == told
    assert len(list((tmp_path / "outputs").iterdir())) == 1
