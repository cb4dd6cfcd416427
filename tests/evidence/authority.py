"""A time stamp authority of one's own on loopback: openssl behind Python's own HTTP server."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIGURATION = """
[req]
distinguished_name = name
prompt = no
x509_extensions = authority
[name]
CN = {name}
[authority]
basicConstraints = critical,CA:TRUE
[stamping]
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = one
[one]
serial = {place}/serial
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
tsa_name = yes
"""
_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def openssl(place: Path, *words: str, stdin: bytes = b"") -> bytes:
    argv = ["openssl", *words]
    return subprocess.run(argv, cwd=place, input=stdin, capture_output=True, check=True).stdout


@dataclass
class Authority:
    """Its files are below `place`; `ca` is what its stamps are held to."""

    place: Path
    name: str = "Test authority"
    url: str = ""
    status: int = 200
    """Of its answers."""
    asked: list[bytes] = field(default_factory=list)
    """The requests, as they came."""
    answers: Callable[[bytes], bytes] = field(init=False)
    """What it makes of a request."""

    def __post_init__(self) -> None:
        self.place.mkdir(parents=True, exist_ok=True)
        self.answers = self.stamped
        (self.place / "serial").write_text("01\n")
        text = CONFIGURATION.format(name=self.name, place=self.place)
        (self.place / "a.cnf").write_text(text)
        config = ("-config", "a.cnf")
        of_ca = ("-keyout", "ca.key", "-out", "ca.pem", "-days", "30")
        openssl(self.place, "req", "-x509", *_CURVE, *of_ca, *config)
        subject = ("-subj", f"/CN={self.name}", "-keyout", "tsa.key", "-out", "tsa.csr")
        openssl(self.place, "req", "-new", *_CURVE, *subject, *config)
        by = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "20")
        signed = ("-in", "tsa.csr", "-extfile", "a.cnf", "-extensions", "stamping")
        openssl(self.place, "x509", "-req", *signed, *by, "-out", "tsa.pem")

    @property
    def ca(self) -> Path:
        return self.place / "ca.pem"

    def stamped(self, request: bytes) -> bytes:
        """The reply to a request, DER."""
        (self.place / "request.tsq").write_bytes(request)
        key = ("-signer", "tsa.pem", "-inkey", "tsa.key", "-chain", "ca.pem", "-config", "a.cnf")
        return openssl(self.place, "ts", "-reply", "-queryfile", "request.tsq", *key)

    @contextlib.contextmanager
    def serving(self) -> Iterator[Authority]:
        """It listens on loopback within; `url` is where."""
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = self.rfile.read(int(self.headers["Content-Length"]))
                authority.asked.append(request)
                if self.headers["Content-Type"] != "application/timestamp-query":
                    self.send_error(415)
                    return
                if authority.status != 200:
                    self.send_error(authority.status)
                    return
                reply = authority.answers(request)
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_: object) -> None: ...

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            self.url = f"http://127.0.0.1:{server.server_address[1]}/tsr"
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()
