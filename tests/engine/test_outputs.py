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


def document(*nodes: str) -> str:
    lines = [f'    <node name="{node}" health="green" feature_set="3.16.1"/>' for node in nodes]
    return "\n".join(
        ["<status>", "  <nodes>", *lines, "  </nodes>", *["  <x/>"] * 300, "</status>"]
    )


def test_a_document_that_is_asked_for_again_tells_what_is_unlike(outputs: Outputs) -> None:
    first = outputs.describe("n-status", document("n1", "n2"))
    assert "unlike" not in first
    outputs.describe("m-status", document("n7"))
    other = outputs.describe("n-status", document("n1", "n3"))
    assert other["unlike"] == {
        "file": first["file"],
        "lines": "@@ <nodes>\n"
        '-    <node name="n2" health="green" feature_set="3.16.1"/>\n'
        '+    <node name="n3" health="green" feature_set="3.16.1"/>',
    }
    same = outputs.describe("n-status", document("n1", "n3"))
    assert same["unlike"] == {"file": other["file"], "lines": ""}


def test_of_a_document_that_is_another_the_differences_are_cut_with_a_mark(
    outputs: Outputs,
) -> None:
    outputs.describe("n", document("n1"))
    told = outputs.describe("n", document(*(f"m{number}" for number in range(200))))
    assert len(told["unlike"]["lines"]) < EXCERPT + 100
    assert "more lines ...]" in told["unlike"]["lines"]


def test_what_is_no_document_is_not_compared(outputs: Outputs) -> None:
    for _ in range(2):
        assert "unlike" not in outputs.describe("n", "line\n" * 1000)
    command = outputs.command("n", f"<{'x' * 5000}")
    assert "unlike" not in command["whole"]
