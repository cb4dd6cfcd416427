"""The database door: read-only by the server, errors without contents, passwords in memory only."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from pymysql.connections import Connection
from pymysql.cursors import DictCursor

from engine.errors import Unanswered
from engine.model.answer import Lost, LostKind
from engine.secrets import Secret
from engine.transport.database import connect, logs_in, rows
from engine.transport.scripted import FakeTransport
from tests.engine.mysqld import Mysqld, serving
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


def test_a_session_for_changes_says_so(door: FakeTransport, server: Mysqld) -> None:
    with connect(door, NODE, socket_path=REMOTE, database="x", read_only=False):
        pass
    assert "SET SESSION TRANSACTION READ ONLY" not in server.statements


def test_rows_are_streamed(door: FakeTransport) -> None:
    with connect(door, NODE, socket_path=REMOTE, database=None) as connection:
        values = [row["value"] for row in rows(connection, "SELECT value FROM t")]
    assert values == ANSWERS["SELECT value FROM t"]


def test_a_stream_may_be_left_early(door: FakeTransport) -> None:
    with connect(door, NODE, socket_path=REMOTE, database=None) as connection:
        stream = rows(connection, "SELECT value FROM t")
        assert next(stream) == {"value": "row 0"}
        stream.close()  # type: ignore[attr-defined]
        assert next(rows(connection, "SELECT value FROM t")) == {"value": "row 0"}


def streamed(connection: Connection[DictCursor], statement: str) -> None:
    list(rows(connection, statement))


def at_once(connection: Connection[DictCursor], statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("ask", [streamed, at_once])
def test_a_server_that_is_lost_in_mid_stream_is_no_answer(
    door: FakeTransport, ask: Callable[[Connection[DictCursor], str], None]
) -> None:
    with pytest.raises(Unanswered, match="error 2013"):
        with connect(door, NODE, socket_path=REMOTE, database=None) as connection:
            ask(connection, "SELECT half")
    gc.collect()  # what pymysql leaves behind must not fail either


def test_a_person_who_interrupts_a_stream_is_heard(
    door: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with connect(door, NODE, socket_path=REMOTE, database=None) as connection:
        stream = rows(connection, "SELECT value FROM t")
        assert next(stream) == {"value": "row 0"}
        monkeypatch.setattr(connection._rfile, "read", interrupted)  # type: ignore[attr-defined]
        with pytest.raises(KeyboardInterrupt):
            next(stream)


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


def test_a_login_is_proved(door: FakeTransport) -> None:
    def proof(user: str, password: str) -> bool:
        return logs_in(door, NODE, socket_path=REMOTE, user=user, password=Secret(password))

    assert proof("ocsserver", "right horse")
    assert not proof("ocsserver", "wrong horse")
    assert not proof("nobody", "right horse")


def test_a_login_without_a_server_is_no_answer(tmp_path: Path) -> None:
    door = FakeTransport({}, sockets={(NODE, REMOTE): tmp_path / "nothing"})
    with pytest.raises(Unanswered, match="2003"):
        logs_in(door, NODE, socket_path=REMOTE, user="u", password=Secret("p"))


def test_a_password_is_in_no_traceback(door: FakeTransport) -> None:
    with pytest.raises(Unanswered) as caught:
        with connect(
            door,
            NODE,
            socket_path=REMOTE,
            database=None,
            user="ocsserver",
            password=Secret("wrong horse"),
        ):
            pass
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert "1045" in str(caught.value)
    assert "wrong horse" not in "".join(shown.format())


def test_through_a_real_connection(server: Mysqld) -> None:
    with running() as sshd, sshd.transport() as real:
        for _ in range(2):
            with connect(real, NODE, socket_path=str(server.path), database=None) as connection:
                found = [row["value"] for row in rows(connection, "SELECT value FROM t")]
            assert len(found) == 1000
        with pytest.raises(Unanswered, match="2013"):
            with connect(real, NODE, socket_path="/nowhere", database=None):
                pass


def test_forwarding_switched_off_is_named(server: Mysqld) -> None:
    with running(["AllowStreamLocalForwarding no"]) as sshd, sshd.transport() as real:
        with pytest.raises(Lost, match="AllowStreamLocalForwarding") as caught:
            with connect(real, NODE, socket_path=str(server.path), database=None):
                pass
    assert caught.value.kind is LostKind.FORWARDING
