"""What runs beside the hashed text: whatever is not pinned, known or released is a finding."""

from __future__ import annotations

from typing import Any

import pytest

from engine.judge.ran_with import foreign

PINNED = {"package": "pytest-html", "version": "4.2.0", "record": "a" * 64, "pinned": "4.2.0"}
OWN: dict[str, Any] = {
    "plugins": [{**PINNED, "modules": ["pytest_html.plugin"]}],
    "packages": [],
    "startup": [{"file": "/e/distutils-precedence.pth", "sha256": "b" * 64, "of": "setuptools-65"}],
    "foreign": [],
    "compiled": {"compared": True, "unlike": []},
    "edited": [],
}
UNPINNED = {**PINNED, "package": "pytest-xdist", "version": "3.8.0", "pinned": "", "modules": ["x"]}
OTHER = {**PINNED, "version": "4.3.0", "modules": ["pytest_html.plugin"]}
BY_FILE = {"file": "/srv/liar.py", "sha256": "c" * 64, "modules": ["liar"]}
IN_MEMORY = {"file": "", "sha256": "", "modules": ["liar"]}
Case = tuple[dict[str, Any], str, str]
DIGEST, WANTED = "e" * 64, "f" * 64
PYMYSQL = {"package": "pymysql", "version": "1.1.0", "pinned": "1.2.4"}
PTH = {"file": "/e/x.pth", "sha256": "d" * 64, "of": ""}
EDITED = {"file": "conftest.py", "sha256": DIGEST, "released": WANTED}
MISSING = {"file": "pytest.ini", "sha256": "", "released": WANTED}
INSTEAD = {"file": "/p/pytest.toml", "sha256": DIGEST, "released": ""}
PLUGINS: dict[str, Case] = {
    "not pinned": ({"plugins": [UNPINNED]}, "pytest-xdist", "none that is not pinned"),
    "in another version": ({"plugins": [OTHER]}, "pytest-html", "4.2.0, which is pinned"),
    "of no package": ({"plugins": [BY_FILE]}, "/srv/liar.py", "of the pinned packages only"),
    "of no file": ({"plugins": [IN_MEMORY]}, "liar", "of the pinned packages only"),
}
CODE: dict[str, Case] = {
    "a library in another version": ({"packages": [PYMYSQL]}, "pymysql", "1.2.4, which is pinned"),
    "a start-up file": ({"startup": [PTH]}, "/e/x.pth", "the distribution's own"),
    "a place to import from": ({"foreign": ["/srv/more"]}, "/srv/more", "Python's own places"),
    "a compiled module of another text": (
        {"compiled": {"compared": True, "unlike": ["conftest.py"]}},
        "__pycache__",
        "the text that is hashed",
    ),
}
FILES: dict[str, Case] = {
    "an edited one": ({"edited": [EDITED]}, "conftest.py", "sha256 ffff"),
    "a missing one": ({"edited": [MISSING]}, "pytest.ini", "sha256 ffff"),
    "another configuration": ({"edited": [INSTEAD]}, "/p/pytest.toml", "pytest.ini of the project"),
}
TABLES = {"foreign-plugin": PLUGINS, "foreign-code": CODE, "runbook-edited": FILES}
EACH = [(code, name) for code, table in TABLES.items() for name in table]


def test_what_is_pinned_known_and_released_is_no_finding() -> None:
    assert foreign(OWN) == ()


@pytest.mark.parametrize(("code", "name"), EACH)
def test_what_is_foreign_is_one_finding_with_the_way_out(code: str, name: str) -> None:
    other, subject, expected = TABLES[code][name]
    (found,) = foreign({**OWN, **other})
    assert (found.code, found.subject) == (code, subject)
    assert expected in found.expected
    assert "accept this finding by name" in found.remedy


def test_a_plugin_in_another_version_is_told_once() -> None:
    deviating = {"package": "pytest-html", "version": "4.3.0", "pinned": "4.2.0"}
    assert len(foreign({**OWN, "plugins": [OTHER], "packages": [deviating]})) == 1


def test_many_compiled_modules_are_one_finding() -> None:
    unlike = [f"engine/m{number}.py" for number in range(9)]
    (found,) = foreign({**OWN, "compiled": {"compared": True, "unlike": unlike}})
    assert "9 compiled modules not of the text beside it: engine/m0.py, " in found.observed
    assert found.observed.endswith("engine/m4.py ...")


@pytest.mark.parametrize("field", OWN)
def test_what_an_older_runbook_did_not_record_is_not_judged(field: str) -> None:
    assert foreign({name: value for name, value in OWN.items() if name != field}) == ()
    before = {key: value for key, value in UNPINNED.items() if key != "pinned"}
    assert foreign({"plugins": [before]}) == ()
