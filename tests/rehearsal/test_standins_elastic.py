"""The stand-in for Elasticsearch complains of greetings without a certificate. No probe is one."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from neteye_standin.elastic_daemon import HttpServer, serving

from engine.model.probe import Manner, Way
from engine.probing.asking import ask
from runbook.to_4_26.release import RELEASE

STANDIN = (
    Path(__file__).resolve().parents[2] / "rehearsal/standins/rootfs/usr/share/neteye/rehearsal"
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HttpServer]:
    ca = trustme.CA()
    issued = ca.issue_cert("elasticsearch.neteyelocal")
    (tmp_path / "private").mkdir()
    ca.cert_pem.write_to_path(tmp_path / "root-ca.crt")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "node.crt.pem")
    issued.private_key_pem.write_to_path(tmp_path / "private/node.key.pem")
    with serving(("127.0.0.1", 0), tmp_path) as made:
        made.daemon_threads = False  # the end of the server then waits for its requests
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


def said_of(server: HttpServer, manner: Manner, capsys: pytest.CaptureFixture[str]) -> str:
    ask(Way(manner, "127.0.0.1", server.server_address[1]))
    with socket.create_connection(server.server_address[:2]):
        pass
    server.shutdown()
    server.server_close()
    return capsys.readouterr().err


def test_a_greeting_without_a_certificate_leaves_an_error(
    server: HttpServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "[ERROR] SSL Problem" in said_of(server, Manner.TLS, capsys)


def test_the_probe_of_elasticsearch_leaves_no_trace(
    server: HttpServer, capsys: pytest.CaptureFixture[str]
) -> None:
    (elastic,) = (service for service in RELEASE.services if service.name == "Elasticsearch")
    ((manner, _),) = elastic.manners
    assert said_of(server, manner, capsys) == ""


def test_no_service_that_wants_a_certificate_is_greeted() -> None:
    manners = {manner for service in RELEASE.services for manner, _ in service.manners}
    assert Manner.TLS not in manners


def test_its_certificates_pass_the_strict_check(tmp_path: Path) -> None:
    """As Python 3.13 checks by itself."""
    script = STANDIN / "elastic-certificates"
    text = script.read_text().replace("/neteye/local/elasticsearch/conf/certs", str(tmp_path))
    assert str(tmp_path) in text
    subprocess.run(["sh", "-c", text], check=True, capture_output=True, timeout=60)
    checked = ["openssl", "verify", "-x509_strict", "-CAfile", "root-ca.crt"]
    for name in ("node", "admin"):
        done = subprocess.run(
            [*checked, f"{name}.crt.pem"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (done.stdout, done.stderr) == (f"{name}.crt.pem: OK\n", "")
