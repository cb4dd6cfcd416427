"""The database door: read-only by the server, errors without contents, passwords in memory only."""

from __future__ import annotations

import gc
import ssl
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from engine.errors import Unanswered
from engine.transport.database import connect, use_of
from tests.engine.mysqld import Mysqld, serving
from tests.engine.scripted import FakeTransport
from tests.engine.sshd import NODE, running

REMOTE = "/run/mysqld/mysqld.sock"
LOGINS = {"root": "", "ocsserver": "right horse"}
ANSWERS: dict[str, Sequence[str | None] | int] = {
    "SELECT value FROM t": [f"row {number}" for number in range(1000)],
    "SELECT value FROM missing": 1146,
    "SELECT SLEEP(100)": 1969,
    "DELETE FROM t": 1792,
    "SELECT odd": 4711,
    "SELECT crash": 0,
    "SELECT half": ["row 0", "row 1", None],
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Mysqld]:
    with serving(tmp_path / "db", LOGINS, ANSWERS) as started:
        yield started


@pytest.fixture
def door(server: Mysqld) -> FakeTransport:
    return FakeTransport({}, sockets={(NODE, REMOTE): server.path})


def test_a_session_for_questions_is_read_only_and_limited(
    door: FakeTransport, server: Mysqld
) -> None:
    with connect(door, NODE, socket_path=REMOTE, database="ocsweb") as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT value FROM t")
            assert cursor.fetchone() == {"value": "row 0"}
    first = [text for text in server.statements if text.startswith("SET SESSION")]
    assert first == ["SET SESSION max_statement_time = 60.000", "SET SESSION TRANSACTION READ ONLY"]
    assert server.users == ["root"]


def test_a_session_reads_no_certificates_of_this_machine(
    door: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssl, "create_default_context", lambda **_: pytest.fail("TLS was set up"))
    with connect(door, NODE, socket_path=REMOTE, database="ocsweb") as connection:
        assert connection.open


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_a_server_that_is_lost_in_mid_answer_is_none(door: FakeTransport) -> None:
    with pytest.raises(Unanswered, match="error 2013"):
        with connect(door, NODE, socket_path=REMOTE, database=None) as connection:
            connection.cursor().execute("SELECT half")
    gc.collect()  # what pymysql leaves behind must not fail either


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("SELECT value FROM missing", "error 1146: there is no such table"),
        ("SELECT SLEEP(100)", "error 1969: it was not done within the time limit"),
        ("DELETE FROM t", "error 1792: it is a change, and the session is read-only"),
        ("SELECT odd", "error 4711: a"),
        ("SELECT crash", "error 2013: the connection ended"),
    ],
)
def test_an_error_is_no_answer_and_quotes_nothing(
    door: FakeTransport, statement: str, what: str
) -> None:
    session = connect(door, NODE, socket_path=REMOTE, database="ocsweb")
    with pytest.raises(Unanswered, match=what) as caught, session as connection:
        connection.cursor().execute(statement)
    assert caught.value.node == NODE
    assert "database ocsweb as root" in str(caught.value)
    assert "s3cr3t" not in "".join(traceback.format_exception(caught.value))


def test_through_a_real_connection(server: Mysqld) -> None:
    with running() as sshd, sshd.transport() as real:
        for _ in range(2):
            with connect(real, NODE, socket_path=str(server.path), database=None) as connection:
                assert connection.cursor().execute("SELECT value FROM t") == 1000
        with pytest.raises(Unanswered, match="2013"):
            with connect(real, NODE, socket_path="/nowhere", database=None):
                pass


def test_a_database_whose_name_has_a_backtick_begins_no_second_statement() -> None:
    """A shared session takes several statements, and names are found on the node."""
    said = use_of("a`; DROP DATABASE b; --", has_params=False)
    assert said == "USE `a``; DROP DATABASE b; --`"
    assert use_of("100%", has_params=True) % () == "USE `100%`"
