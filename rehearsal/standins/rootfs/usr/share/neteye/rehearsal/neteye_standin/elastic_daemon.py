"""The daemon of `elasticsearch.service`: HTTPS on 9200 for clients with a certificate of its CA,
and the transport port 9300, on which members see each other.
"""

from __future__ import annotations

import json
import socketserver
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from neteye_standin import elastic_api, elastic_state, faults
from neteye_standin.context import load

HTTP_PORT = 9200
CERTS = Path("/neteye/local/elasticsearch/conf/certs")
VERSION_FILE = Path("/usr/share/neteye/versions/elasticsearch-neteye.json")


def installed_version() -> str:
    """Version of the installed rpm; the running one is what it was when the daemon started."""
    text = VERSION_FILE.read_text(encoding="utf-8")
    return str(json.loads(text)["version"]).partition("-")[0]


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


class _Transport(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main() -> None:
    """Serve until stopped."""
    version = installed_version()

    class Answer(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(json.dumps({"version": version}).encode())

    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=CERTS / "root-ca.crt")
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_cert_chain(CERTS / "node.crt.pem", CERTS / "private/node.key.pem")
    transport = _Transport(("0.0.0.0", elastic_state.TRANSPORT_PORT), Answer)
    threading.Thread(target=transport.serve_forever, daemon=True).start()
    server = ThreadingHTTPServer(("0.0.0.0", HTTP_PORT), _Http)
    # The handshake is left to the thread of the request, so that one slow client blocks nobody.
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()
