"""What a change of files tells of them: read whole, or not at all."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.files import FileChange, FileState
from engine.parse.files import TELL, file_changes

DIGEST = "a" * 64
BEFORE = f"file-state\tbefore\t/etc/x\troot\tdomain users\t640\t12\t{DIGEST}"
AFTER = "file-state\tafter\t/etc/x\troot\tapache\t4755\t13\twithheld"


def test_a_file_has_both_its_states() -> None:
    (told,) = file_changes(f"words\n{BEFORE}\nmore words\n{AFTER}\n")
    assert told == FileChange(
        "/etc/x",
        FileState("root", "domain users", "0640", 12, DIGEST),
        FileState("root", "apache", "4755", 13),
    )
    assert told.as_data()["after"] == {
        "owner": "root", "group": "apache", "mode": "4755", "size": 13, "sha256": "",
    }  # fmt: skip


def test_what_did_not_exist_has_no_state() -> None:
    (told,) = file_changes(f"file-state\tbefore\t/etc/x\tabsent\n{AFTER}")
    assert told.before is None
    assert told.after is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        BEFORE,
        f"{BEFORE}\n{AFTER[:-4]}",
        f"{BEFORE}\n{AFTER}\tmore"[:-9] + "9",
        f"{BEFORE.replace('640', '890')}\n{AFTER}",
        f"{BEFORE.replace('12', 'twelve', 1)}\n{AFTER}",
    ],
)
def test_of_half_a_line_nothing_is_made(text: str) -> None:
    assert file_changes(text) == []


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert all(one.before or one.after or one.path for one in file_changes(text))


@pytest.mark.parametrize("secret", ["", "secret"])
def test_the_function_tells_what_is_read(tmp_path: Path, secret: str) -> None:
    file = tmp_path / "a file"
    script = f'set -eu\n{TELL}\ntell before "$1" "$2" || :\nprintf content > "$1"\nchmod 604 "$1"\n'
    script += 'tell after "$1" "$2" || :'
    done = subprocess.run(
        ["sh", "-c", script, "sh", str(file), secret], capture_output=True, text=True, check=True
    )
    (told,) = file_changes(done.stdout)
    assert (told.path, told.before) == (str(file), None)
    assert told.after is not None
    assert (told.after.mode, told.after.size) == ("0604", 7)
    # a digest that is known is told as it is, and never of a file with a secret
    known = f'{TELL}\ntell after "$1" "$2" {DIGEST}'
    again = subprocess.run(
        ["sh", "-c", known, "sh", str(file), secret], capture_output=True, text=True, check=True
    )
    assert again.stdout.rstrip("\n").endswith("\twithheld" if secret else f"\t{DIGEST}")
    digest = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
    assert told.after.sha256 == ("" if secret else digest)
