"""The search for passwords finds them in every form: else its silence would prove nothing."""

from __future__ import annotations

import base64
import gzip
import html
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.integration.secrets_of import contents_of, exposed

PASSWORD = "aB3#$%&+=/@<>-9Zq7wX"
FORMS = {
    "plain": PASSWORD,
    "url": quote(PASSWORD, safe=""),
    "html": html.escape(PASSWORD),
    "json": json.dumps(PASSWORD),
    "base64": base64.b64encode(PASSWORD.encode()).decode(),
    "base64 of a header": base64.b64encode(f"ocs:{PASSWORD}\n".encode()).decode(),
    "base64 of a longer text": base64.b64encode(f"secret {PASSWORD} it is".encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_found(form: str) -> None:
    found = exposed({"ocs": PASSWORD}, [("a file", f"before {FORMS[form]} after".encode())])
    assert found == ["a file: password ocs"]


def test_packed_files_are_unpacked(tmp_path: Path) -> None:
    (tmp_path / "dump.gz").write_bytes(gzip.compress(f"x {PASSWORD} y".encode()))
    assert exposed({"ocs": PASSWORD}, contents_of(tmp_path)) != []


def test_other_texts_are_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("nothing of it")
    assert exposed({"ocs": PASSWORD}, contents_of(tmp_path)) == []
