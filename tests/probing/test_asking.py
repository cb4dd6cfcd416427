"""One question to one service, against servers on loopback."""

from __future__ import annotations

import contextlib
import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from engine.model.probe import Manner, Way
from engine.probing import asking
from engine.probing.asking import NoAnswer, NoWay, Silence, ask


@contextlib.contextmanager
def served(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port on loopback; each connection is given to `answer`."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def status(code: int) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % code)

    return answer


def closes(connection: socket.socket) -> None:
    connection.recv(4096)


def way(manner: Manner, port: int) -> Way:
    return Way(manner, "127.0.0.1", port, "/x")


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A file with the key and the certificate of somebody else's server."""
    issued = trustme.CA().issue_cert("elsewhere.example")
    issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    return tmp_path / "both.pem"


@pytest.mark.parametrize("code", [200, 301, 400, 401, 403])
def test_a_status_is_an_answer(code: int) -> None:
    with served(status(code)) as port:
        ask(way(Manner.HTTP, port))


@pytest.mark.parametrize("code", [404, 500, 503])
def test_these_are_none(code: int) -> None:
    with served(status(code)) as port, pytest.raises(NoAnswer, match=f"HTTP status {code}"):
        ask(way(Manner.HTTP, port))


def test_the_request_is_that_of_a_probe() -> None:
    asked: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        asked.append(connection.recv(4096))
        status(200)(connection)

    with served(answer) as port, contextlib.suppress(NoAnswer):
        ask(Way(Manner.HTTP, "127.0.0.1", port, "/x?y=1", name="neteye.example.test"))
    assert asked[0].startswith(b"GET /x?y=1 HTTP/1.1\r\nHost: neteye.example.test")
    assert b"User-Agent: neteye-runbook" in asked[0]


@pytest.mark.parametrize("manner", [Manner.HTTP, Manner.HTTPS, Manner.TLS])
def test_a_connection_that_is_closed_is_none(manner: Manner) -> None:
    with served(closes) as port, pytest.raises(NoAnswer):
        ask(way(manner, port))


@pytest.mark.parametrize("manner", [Manner.HTTP, Manner.HTTPS, Manner.TLS, Manner.TCP])
def test_a_refused_connection_is_none(manner: Manner, closed_port: int) -> None:
    with pytest.raises(NoAnswer, match="refused"):
        ask(way(manner, closed_port))


def test_an_address_that_refuses_is_there(closed_port: int) -> None:
    ask(way(Manner.ADDRESS, closed_port))


@pytest.mark.parametrize("manner", [Manner.TCP, Manner.ADDRESS])
def test_a_port_that_accepts_is_an_answer(manner: Manner) -> None:
    with served(closes) as port:
        ask(way(manner, port))


def test_silence_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "LIMIT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(Silence, match="no answer within"):
            ask(way(Manner.HTTP, port))


def tls(certificate: Path, *, client: bool = False) -> Callable[[socket.socket], None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(certificate)
        context.maximum_version = ssl.TLSVersion.TLSv1_2

    def answer(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            status(200)(secure)

    return answer


@pytest.mark.parametrize("manner", [Manner.HTTPS, Manner.TLS])
def test_whose_certificate_it_is_does_not_matter(manner: Manner, certificate: Path) -> None:
    with served(tls(certificate)) as port:
        ask(way(manner, port))


def test_a_server_that_wants_a_certificate_is_there(certificate: Path) -> None:
    with served(tls(certificate, client=True)) as port:
        ask(way(Manner.TLS, port))


def test_what_speaks_no_tls_is_none() -> None:
    with served(status(200)) as port, pytest.raises(NoAnswer):
        ask(way(Manner.TLS, port))


def test_a_forwarded_socket_that_is_gone_is_no_way(tmp_path: Path) -> None:
    with pytest.raises(NoWay):
        ask(way(Manner.HTTP, 80), tmp_path / "gone")
    left = tmp_path / "left"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(left))
    with pytest.raises(NoWay):
        ask(way(Manner.HTTP, 80), left)


@pytest.mark.parametrize("manner", [Manner.TCP, Manner.HTTP, Manner.TLS])
def test_a_forward_that_the_node_can_not_make_is_no_answer(tmp_path: Path, manner: Manner) -> None:
    """ssh accepts the connection, asks the node, and closes it then."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()

        def close_at_once() -> None:
            connection, _ = server.accept()
            connection.close()

        thread = threading.Thread(target=close_at_once, daemon=True)
        thread.start()
        with pytest.raises(NoAnswer):
            ask(way(manner, 80), tmp_path / "s")
        thread.join()


def test_an_http_server_of_the_library() -> None:
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=server.handle_request, daemon=True).start()
    with pytest.raises(NoAnswer, match="501"):  # it knows no GET
        ask(way(Manner.HTTP, server.server_port))
    server.server_close()
