"""The daemon of `elasticsearch.service`: HTTPS on 9200 for clients with a certificate of its CA,
and the transport port 9300, on which members see each other.
"""

from __future__ import annotations

import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from neteye_standin import elastic_api, elastic_state, faults
from neteye_standin.context import load
from neteye_standin.peers import Server

HTTP_PORT = 9200
CERTS = Path("/neteye/local/elasticsearch/conf/certs")


class _Http(BaseHTTPRequestHandler):
    server_version = "elasticsearch-stand-in"
    timeout = 10

    def do_GET(self) -> None:  # the name is http.server's
        context = load()
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        view = elastic_state.observe(context.cluster, faults.load("elastic"))
        status, kind, body = elastic_api.answer(url.path, query, view, context.me.name)
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """No access log."""


class HttpServer(ThreadingHTTPServer):
    """As the real one does, it complains of a handshake that fails, with an error in its log, and
    not of a connection that ends before anything was said."""

    def handle_error(self, request: object, client_address: object) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, ssl.SSLEOFError):
            return
        print(f"[ERROR] SSL Problem {error}, {client_address}", file=sys.stderr, flush=True)


def main() -> None:
    """Serve until stopped."""
    version = elastic_state.installed_version()

    transport = Server(("0.0.0.0", elastic_state.TRANSPORT_PORT), lambda: {"version": version})
    threading.Thread(target=transport.serve_forever, daemon=True).start()
    serving(("0.0.0.0", HTTP_PORT), CERTS).serve_forever()


def serving(address: tuple[str, int], certificates: Path) -> HttpServer:
    """The HTTPS server, not started yet; only who has a certificate of its CA is answered."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates / "root-ca.crt")
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_cert_chain(certificates / "node.crt.pem", certificates / "private/node.key.pem")
    server = HttpServer(address, _Http)
    # The handshake is left to the thread of the request, so that one slow client blocks nobody.
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server
