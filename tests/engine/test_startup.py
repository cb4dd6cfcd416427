"""What Python runs before the runbook: start-up files and compiled modules, as they are found."""

from __future__ import annotations

import hashlib
import importlib.util
import marshal
import sys
from base64 import urlsafe_b64encode
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from _pytest.assertion.rewrite import _rewrite_test

from engine.run.ran_with import edited_files, packages_beside, pinned_versions
from engine.run.startup import startup_files, unlike

DEBIAN = """\
# install the apport exception handler if available
try:
    import apport_python_hook
except ImportError:
    pass
else:
    apport_python_hook.install()
"""


def module(name: str, file: Path) -> ModuleType:
    made = ModuleType(name)
    made.__file__ = str(file)
    return made


@pytest.mark.parametrize("name", ["sitecustomize", "usercustomize"])
@pytest.mark.parametrize(("text", "of"), [(DEBIAN, "Debian and Ubuntu"), ("import os\n", "")])
def test_a_start_up_module_is_known_by_its_content(
    tmp_path: Path, name: str, text: str, of: str
) -> None:
    file = tmp_path / f"{name}.py"
    file.write_text(text)
    (one,) = startup_files({name: module(name, file)}, [], ())
    assert one == {
        "file": str(file),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "of": of,
    }


def listed(place: Path, package: str, name: str, text: str) -> None:
    """A package that lists the file with the hash of this text."""
    digest = urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
    info = place / f"{package}.dist-info"
    info.mkdir()
    (info / "RECORD").write_text(f"other.py,,\n{name},sha256={digest},{len(text)}\n")


PTH: dict[str, tuple[str, str, str]] = {
    "of every environment": ("setuptools-65.5.0", "import os\n", "setuptools-65.5.0"),
    "of a pinned package": ("pinned_one-1.0", "import os\n", "pinned_one-1.0"),
    "of a package that is not pinned": ("other-1.0", "import os\n", ""),
    "with another text": ("setuptools-65.5.0", "import sys\n", ""),
}


@pytest.mark.parametrize("why", PTH)
def test_a_pth_file_is_known_by_the_package_that_lists_it(tmp_path: Path, why: str) -> None:
    package, text, of = PTH[why]
    (tmp_path / "x.pth").write_text("import os\n")
    listed(tmp_path, package, "x.pth", text)
    (one,) = startup_files({}, [tmp_path, tmp_path], {"pinned-one"})
    assert (one["file"], one["of"]) == (str(tmp_path / "x.pth"), of)


def test_a_pth_file_that_nobody_lists_is_nobody_s(tmp_path: Path) -> None:
    (tmp_path / "__editable__.mine.pth").write_text("/srv/mine\n")
    assert [one["of"] for one in startup_files({}, [tmp_path], ())] == [""]


# compiled modules


def pyc(source: Path, text: str, tag: str = "", **other: Any) -> Path:
    """The compiled module of a text, with what tells of the source; pytest's has its hash."""
    seen = source.stat()
    parts = [
        (part & 0xFFFFFFFF).to_bytes(4, "little") for part in (int(seen.st_mtime), seen.st_size)
    ]
    by_hash = importlib.util.source_hash(source.read_bytes())
    stamp = other.get("stamp", by_hash if tag else b"".join(parts))
    flags = int(other.get("flags", 3 if tag else 0)).to_bytes(4, "little")
    code = marshal.dumps(compile(text, str(other.get("name", source)), "exec", 0, True))
    path = source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}{tag}.pyc"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(importlib.util.MAGIC_NUMBER + flags + stamp + code)
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "conftest.py"
    path.write_text('"""Plain."""\n\nX = 1\n\n\ndef f() -> int:\n    assert X\n    return X\n')
    return path


CONFIG = pytest.Config.fromdictargs({}, [])


def found(source: Path) -> list[str]:
    return unlike({"conftest.py": source, "conftest.ini": source.with_suffix(".ini")}, CONFIG)


EVIL = "X = 2\n"
PYTEST = f"-pytest-{pytest.__version__}"


@pytest.mark.parametrize("tag", ["", PYTEST])
@pytest.mark.parametrize("other", [{}, {"flags": 1, "stamp": b"whatever"}])
def test_a_compiled_module_of_another_text_is_named(
    source: Path, tag: str, other: dict[str, Any]
) -> None:
    """Its stamp is that of the source; or it says that nobody is to compare it."""
    pyc(source, EVIL, tag, **other)
    assert found(source) == ["conftest.py"]


def test_bytes_that_are_no_code_run_nowhere(source: Path) -> None:
    path = pyc(source, EVIL)
    path.write_bytes(path.read_bytes()[:16] + b"\xff\xff")
    assert found(source) == []


@pytest.mark.parametrize("name", ["here", "/elsewhere/conftest.py"])
def test_a_compiled_module_of_the_text_is_not(source: Path, name: str) -> None:
    """A copy of the project brings along what was compiled elsewhere."""
    pyc(source, source.read_text(), name=name)
    assert found(source) == []


def test_one_that_pytest_has_written_is_not(source: Path) -> None:
    """There are its own words for each assertion in it."""
    _, code = _rewrite_test(source, CONFIG)
    assert code != compile(source.read_text(), "", "exec", dont_inherit=True)
    path = pyc(source, "", PYTEST)
    path.write_bytes(path.read_bytes()[:16] + marshal.dumps(code))
    assert found(source) == []


@pytest.mark.parametrize("tag", ["", PYTEST])
def test_one_that_is_older_than_the_source_is_not(source: Path, tag: str) -> None:
    pyc(source, EVIL, tag, stamp=b"\0" * 8)
    assert found(source) == []


def test_one_of_another_pytest_is_not(source: Path) -> None:
    pyc(source, EVIL, "-pytest-1.0")
    assert found(source) == []


# the pinned set, and files as released


def test_pinned_versions_are_those_of_the_file() -> None:
    text = "# x==9\n-r other.txt\nPyNaCl==1.6.2\n\nmarkdown_it-py==4.3.0  # why\nloose>=1\n"
    assert pinned_versions(text) == {"pynacl": "1.6.2", "markdown-it-py": "4.3.0"}


def test_a_pinned_package_in_another_version_or_not_there_is_told() -> None:
    assert packages_beside({"pytest": pytest.__version__}) == []
    told = packages_beside({"pytest": "0.1", "not-installed-at-all": "1.0"})
    assert [(one["package"], one["version"], one["pinned"]) for one in told] == [
        ("pytest", pytest.__version__, "0.1"),
        ("not-installed-at-all", "", "1.0"),
    ]


def test_files_beside_are_compared_with_the_release(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_bytes(b"[pytest]\r\n")
    ini, released = tmp_path / "pytest.ini", hashlib.sha256(b"[pytest]\n").hexdigest()
    assert edited_files(tmp_path, ini, {"pytest.ini": released}) == []
    (edited,) = edited_files(tmp_path, ini, {"pytest.ini": "0" * 64})
    assert edited == {"file": "pytest.ini", "sha256": released, "released": "0" * 64}
    (missing,) = edited_files(tmp_path, ini, {"pytest.ini": released, "conftest.py": "1" * 64})
    assert (missing["file"], missing["sha256"]) == ("conftest.py", "")
    other = tmp_path / "pytest.toml"
    other.write_text("[pytest]\n")
    (instead,) = edited_files(tmp_path, other, {"pytest.ini": released})
    assert (instead["file"], instead["released"]) == (str(other), "")
    assert edited_files(tmp_path, other, {}) == []
