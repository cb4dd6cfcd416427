"""neteye health: the exit code is the verdict."""

from __future__ import annotations

import pytest

from engine.errors import ParseError
from engine.parse.health import parse_health

OK = "OK - All deep health checks succeeded\n"
FAILED = """
CRITICAL - 1 of 14 checks failed
/usr/share/neteye/scripts/neteye/health.d/deep/030_drbd.sh
mariadb is Inconsistent
"""


@pytest.mark.parametrize(
    ("code", "text", "status", "first"),
    [
        (0, OK, "OK", "OK - All deep health checks succeeded"),
        (1, "WARNING - manual migration\n", "WARNING", "WARNING - manual migration"),
        (2, FAILED, "CRITICAL", "CRITICAL - 1 of 14 checks failed"),
        (3, "usage: neteye\n", "UNKNOWN", "usage: neteye"),
        # the words do not decide: a message of another version is no other verdict
        (2, "everything is fine\n", "CRITICAL", "everything is fine"),
    ],
)
def test_verdict(code: int, text: str, status: str, first: str) -> None:
    result = parse_health(code, text)
    assert (result.status, result.first_line, result.output) == (status, first, text)


D = "/usr/share/neteye/scripts/neteye/health.d"
NAMING = {
    "path, then what it said": (FAILED, [f"{D}/deep/030_drbd.sh: mariadb is Inconsistent"]),
    "both on one line": (
        f"CRITICAL - 2 of 14\n{D}/light/010_es: CRITICAL - red\n{D}/deep/x.py - two\n",
        [f"{D}/light/010_es: CRITICAL - red", f"{D}/deep/x.py: two"],
    ),
    "within a sentence": (
        f"[-] Health script '{D}/light/020_disk.sh' failed with exit code 2\nsee above\n",
        [f"{D}/light/020_disk.sh: failed with exit code 2"],
    ),
    "named twice": (f"{D}/a\n{D}/a: again\n", [f"{D}/a"]),
    "paths only": (f"{D}/a\n{D}/b\n", [f"{D}/a", f"{D}/b"]),
    "none": ("CRITICAL - /var is full\n", []),
}


@pytest.mark.parametrize("output", NAMING)
def test_the_scripts_that_failed_are_named(output: str) -> None:
    text, expected = NAMING[output]
    assert [str(script) for script in parse_health(2, text).scripts] == expected


@pytest.mark.parametrize("code", [-9, 4, 124, 126, 127, 255])
def test_another_exit_code_is_no_verdict(code: int) -> None:
    with pytest.raises(ParseError) as caught:
        parse_health(code, "neteye: command not found\n")
    message = f"neteye health: exit code: is {code}, expected 0 (OK), 1 (WARNING), 2 (CRITICAL)"
    assert str(caught.value).startswith(message)
    assert "it said 'neteye: command not found'" in str(caught.value)


@pytest.mark.parametrize("code", range(4))
def test_silence_is_no_verdict(code: int) -> None:
    with pytest.raises(ParseError, match="expected a status line") as caught:
        parse_health(code, " \n\n")
    assert f"output: is empty (exit code {code})" in str(caught.value)
