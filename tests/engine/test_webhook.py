"""A webhook on loopback: what it gets, that its address is nowhere else, and what it may do."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import pytest

from engine.errors import UsageError
from engine.run import webhook
from engine.run.channel import Message
from engine.run.webhook import Webhook, read_webhook
from engine.secrets import Secret
from tests.evidence.authority import openssl

TOKEN = "T0kenOfTheChannel99"


@dataclass
class Server:
    """Answers as it is told to, one status a request, the last one for all that follow."""

    statuses: list[int] = field(default_factory=lambda: [200])
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[str, str, Any]] = field(default_factory=list)
    """Path, content type and body of each request."""
    may_answer: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def url(self, scheme: str = "http") -> str:
        return f"{scheme}://localhost:{self.port}/hooks/{TOKEN}?sig={TOKEN}-again"

    @contextlib.contextmanager
    def served(self, tls: SSLContext | None = None) -> Iterator[Server]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.got.append((self.path, self.headers["Content-Type"], json.loads(body)))
                server.may_answer.wait(60)
                status = server.statuses
                self.send_response(status.pop(0) if len(status) > 1 else status[0])
                for name, value in server.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def do_GET(self) -> None:
                server.got.append((self.path, "GET", None))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        listening = ThreadingHTTPServer(("localhost", 0), Handler)
        listening.daemon_threads = True
        if tls is not None:
            listening.socket = tls.wrap_socket(listening.socket, server_side=True)
        self.port = listening.server_address[1]
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        self.may_answer.set()
        try:
            yield self
        finally:
            self.may_answer.set()
            listening.shutdown()
            listening.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server().served() as served:
        yield served


def hook(url: str, form: str = "slack") -> Webhook:
    return Webhook(Secret(url), form)


def message(title: str = "neteye: stop: no room", *lines: str) -> Message:
    return Message("stop", title, list(lines), {})


def text_of(form: str, got: Any) -> str:
    """All that a reader would see."""
    if form != "teams":
        return str(got["text"])
    (attached,) = got["attachments"]
    return "\n".join(block["text"] for block in attached["content"]["body"])


# forms


@pytest.mark.parametrize("form", ["slack", "mattermost", "teams"])
def test_what_is_posted_is_in_the_form_that_it_takes(server: Server, form: str) -> None:
    assert hook(server.url(), form).send(message("first", "second", "third")) == ""
    ((path, kind, got),) = server.got
    assert (path, kind) == (f"/hooks/{TOKEN}?sig={TOKEN}-again", "application/json")
    assert [word in text_of(form, got) for word in ("first", "second", "third")] == [True] * 3


def test_the_form_of_teams_is_a_message_with_a_card(server: Server) -> None:
    hook(server.url(), "teams").send(message("first", "", "third"))
    got = server.got[0][2]
    (attached,) = got["attachments"]
    assert got["type"] == "message"
    assert attached["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attached["content"]["type"] == "AdaptiveCard"
    kinds = {block["type"] for block in attached["content"]["body"]}
    assert kinds == {"TextBlock"}
    assert all(block["text"] for block in attached["content"]["body"])  # an empty one is refused


@pytest.mark.parametrize(
    ("form", "said", "shown"),
    [
        ("slack", "<!channel> & co", "&lt;!channel&gt; &amp; co"),
        ("mattermost", "```\n@all", "'''\n@all\n```"),
        ("teams", "[click](https://evil.example)", "[click] (https://evil.example)"),
    ],
)
def test_the_words_of_a_node_call_nobody_and_are_no_link(
    server: Server, form: str, said: str, shown: str
) -> None:
    hook(server.url(), form).send(message(said))
    assert shown in text_of(form, server.got[0][2])


@pytest.mark.parametrize("form", ["slack", "mattermost", "teams"])
def test_a_long_message_is_cut(server: Server, form: str) -> None:
    hook(server.url(), form).send(message("x" * 100_000, *["y" * 100_000] * 3))
    assert 1000 < len(text_of(form, server.got[0][2])) < 4000


# what goes wrong


@pytest.mark.parametrize(
    ("statuses", "problem", "tries"),
    [
        ([500, 200], "", 2),
        ([429, 202], "", 2),
        ([503], "it answered HTTP 503", 2),
        ([404, 200], "it answered HTTP 404", 1),
        ([400, 200], "it answered HTTP 400", 1),
    ],
)
def test_it_is_tried_once_more_where_that_may_help(
    server: Server, statuses: list[int], problem: str, tries: int
) -> None:
    server.statuses = statuses
    assert hook(server.url()).send(message()) == problem
    assert len(server.got) == tries


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_it_is_not_followed_elsewhere(server: Server, status: int) -> None:
    with Server().served() as other:
        server.statuses, server.headers = [status], {"Location": other.url()}
        said = hook(server.url()).send(message())
        assert said == f"it answered HTTP {status} (another address, which is not followed)"
        assert (len(server.got), other.got) == (1, [])


def test_who_hangs_costs_the_deadline_and_no_more(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "PATIENCE", 30.0)
    monkeypatch.setattr(webhook, "TOTAL", 0.5)
    server.may_answer.clear()
    begun = time.monotonic()
    assert hook(server.url()).send(message()) == "no answer within 0 s"
    assert time.monotonic() - begun < 20


def test_a_slow_answer_is_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "PATIENCE", 0.2)
    monkeypatch.setattr(webhook, "TOTAL", 60.0)
    server.may_answer.clear()
    assert hook(server.url()).send(message()) == "no answer within 0 s"
    assert len(server.got) == 2


def test_nobody_there_is_told_without_the_address() -> None:
    with Server().served() as gone:
        url = gone.url()
    assert hook(url).send(message()) == "Connection refused"


@pytest.mark.parametrize(
    "url",
    [
        f"https://no-such-host.invalid/{TOKEN}",
        f"https://localhost:1/{TOKEN}",
        f"http://[::1/{TOKEN}",
        f"https://a..b/{TOKEN}",
        f"nonsense://localhost/{TOKEN}",
        f"https://localhost:{TOKEN}/",
    ],
)
def test_no_error_has_a_word_of_the_address(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    said = hook(url).send(message())
    assert said
    assert TOKEN not in said


def test_a_proxy_that_refuses_is_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a company's proxy does that wants a login."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", f"http://localhost:{server.port}")
    said = hook(f"https://hooks.example.com/{TOKEN}").send(message())
    assert said == "the proxy: 501"


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of `localhost`, by itself."""
    place = tmp_path_factory.mktemp("tls")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30")
    name = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    openssl(place, "req", "-x509", *curve, *name, "-keyout", "key.pem", "-out", "cert.pem")
    return place


@contextlib.contextmanager
def by_tls(place: Path) -> Iterator[Server]:
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place / "cert.pem", place / "key.pem")
    with Server().served(context) as served:
        yield served


def test_a_certificate_that_nobody_knows_gets_nothing(certificate: Path) -> None:
    with by_tls(certificate) as server:
        said = hook(server.url("https")).send(message())
        assert said.startswith("TLS: self")
        assert server.got == []


def test_one_of_an_authority_that_is_known_does(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    with by_tls(certificate) as server:
        assert hook(server.url("https")).send(message()) == ""
        assert len(server.got) == 1


def test_one_of_another_name_gets_nothing(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    with by_tls(certificate) as server:
        url = server.url("https").replace("localhost", "127.0.0.1")
        said = hook(url).send(message())
        assert "IP address mismatch" in said
        assert (TOKEN in said, server.got) == (False, [])


# the file


def written(place: Path, text: str, mode: int = 0o600) -> Path:
    file = place / "address"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    file.chmod(mode)
    return file


def test_the_address_comes_from_a_file(tmp_path: Path, server: Server) -> None:
    found = read_webhook(written(tmp_path, f"{server.url()}\n"), "slack")
    assert found.send(message()) == ""
    assert found.name == "webhook (slack)"
    assert TOKEN not in repr(found.__dict__)


def test_its_parts_are_secrets_by_themselves() -> None:
    """The whole of it may be too long to be masked."""
    url = f"https://prod-12.example.com/workflows/{TOKEN}/x?api-version=1&sig={'s' * 400}{TOKEN}"
    known = {secret.reveal() for secret in hook(url).secrets()}
    assert {url, TOKEN, "s" * 400 + TOKEN} == known


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it has 1 lines and 0 bytes"),
        (f"https://a.example/{TOKEN}\nhttps://b.example/\n", "it has 2 lines"),
        (f"https://a.example/{TOKEN} x", "a blank or another character"),
        (f"https://a.example/{TOKEN}\udcff", "a blank or another character"),
        (f"a.example/{TOKEN}", "its line is no address"),
        (f"ftp://a.example/{TOKEN}", "its line is no address"),
        (f"https:///{TOKEN}", "its line is no address"),
        (f"https://a.example:{TOKEN}/", "its line is no address"),
        (f"https://[a.example/{TOKEN}", "its line is no address"),
        (f"https://rossi:{TOKEN}@a.example/", "the address has a login or a # in it"),
        (f"https://a.example/#{TOKEN}", "the address has a login or a # in it"),
        (f"http://a.example/{TOKEN}", "http:// would show the address"),
        (f"https://a.example/{TOKEN * 1000}", "it has 1 lines and"),
    ],
)
def test_a_file_with_something_else_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=re.escape(problem)) as refused:
        read_webhook(written(tmp_path, text), "slack")
    assert TOKEN not in str(refused.value)
    assert "expected one line with the address of the webhook" in str(refused.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(UsageError, match=r"can be read by others than you \(mode 0[0-7]+, user"):
        read_webhook(written(tmp_path, f"https://a.example/{TOKEN}", mode), "slack")


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        read_webhook(tmp_path / "gone", "slack")
    with pytest.raises(UsageError, match="can't be read"):
        read_webhook(tmp_path, "slack")
