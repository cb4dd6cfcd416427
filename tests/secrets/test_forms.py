"""The search for secrets finds them in every form: else its silence would prove nothing."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.secrets.forms import contents_of, exposed

PASSWORD = "aB3#$%&+=/@<>-9Zq7wX"
KEY = bytes(range(200, 232))
FORMS = {
    "plain": PASSWORD,
    "url": quote(PASSWORD, safe=""),
    "url, small letters": "aB3%23%24%25%26%2b%3d%2f%40%3c%3e-9Zq7wX",
    "url of JavaScript": "aB3#$%25&+=/@%3C%3E-9Zq7wX",
    "html": html.escape(PASSWORD),
    "json": json.dumps(PASSWORD),
    "json in html": html.escape(json.dumps({"password": PASSWORD})),
    "base64": base64.b64encode(PASSWORD.encode()).decode(),
    "base64 of a header": base64.b64encode(f"ocs:{PASSWORD}\n".encode()).decode(),
    "base64 of a longer text": base64.b64encode(f"secret {PASSWORD} it is".encode()).decode(),
    "base64 of URLs": base64.urlsafe_b64encode(b"\xff\xff" + PASSWORD.encode()).decode(),
    "hex": PASSWORD.encode().hex(),
    "md5": hashlib.md5(PASSWORD.encode()).hexdigest(),
    "sha1": hashlib.sha1(PASSWORD.encode()).hexdigest().upper(),
    "sha256 of a line": hashlib.sha256(f"{PASSWORD}\n".encode()).hexdigest(),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_found(form: str) -> None:
    found = exposed({"ocs": PASSWORD}, [("a file", f"before {FORMS[form]} after".encode())])
    assert found == ["a file: ocs"]


@pytest.mark.parametrize("before", [b"", b"x", b"xy"])
def test_a_key_is_found_in_base64_wherever_it_stands(before: bytes) -> None:
    text = base64.b64encode(before + KEY + b"and more")
    assert exposed({"key": KEY}, [("a file", text)]) == ["a file: key"]


def test_packed_files_are_unpacked(tmp_path: Path) -> None:
    (tmp_path / "dump").write_bytes(gzip.compress(f"x {PASSWORD} y".encode()))
    assert exposed({"ocs": PASSWORD}, contents_of(tmp_path)) == ["./dump: ocs"]


def test_names_of_files_count(tmp_path: Path) -> None:
    (tmp_path / quote(PASSWORD, safe="")).mkdir()
    (found,) = exposed({"ocs": PASSWORD}, contents_of(tmp_path))
    assert found.startswith("name of ./")


def test_a_directory_can_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "table").write_text(PASSWORD)
    assert exposed({"ocs": PASSWORD}, contents_of(tmp_path)) != []
    assert exposed({"ocs": PASSWORD}, contents_of(tmp_path, without="backups")) == []


def test_other_texts_are_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("nothing of it")
    assert exposed({"ocs": PASSWORD}, contents_of(tmp_path)) == []
