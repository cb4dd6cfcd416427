#!/usr/bin/env bash
# One call of the Elasticsearch client adds a document four times, when the answer is late; a bulk asks twelve times.
#
# elasticsearch 9.5.1 (elastic-transport 9.4.2), Python 3.11, against a server of a few lines that keeps what it gets.
# Expected: what can be sent again without harm is sent again after 502, 503 and 504. `index` without an id is a
#   POST that makes a new document each time, so it is sent once. And helpers.bulk(max_retries=2) sends at most
#   three times.
# Seen: a proxy's 504 for `index(index=..., document=...)` is answered by the same POST, four in all by default. The
#   server has stored each of them, the caller gets one ApiError. With an id, the four are one document.
#   helpers.bulk has retries of its own, around those of the client: (2 + 1) x (3 + 1) requests for 429.
# Events of a run that are shipped this way are counted too often, by a slow proxy alone. Give each an id, or ask
# with `client.options(max_retries=0)`.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3.11 -m venv venv
venv/bin/pip -q --disable-pip-version-check install 'elasticsearch==9.5.1' 'elastic-transport==9.4.2'

cat > again.py <<'P'
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from elasticsearch import ApiError, Elasticsearch, helpers

logging.disable()
requests: list[str] = []
documents: dict[str, bytes] = {}


class Server(BaseHTTPRequestHandler):
    """Stores what it gets; what answers in its place is a proxy that didn't wait for it."""

    protocol_version = "HTTP/1.1"
    code = 504

    def answer(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        requests.append(f"{self.command} {self.path}")
        documents[self.path if self.command == "PUT" else f"new {len(requests)}"] = body
        self.send_response(Server.code)
        self.send_header("content-length", "0")
        self.end_headers()

    do_POST = do_PUT = answer

    def log_message(self, *args):
        pass


def told(label, code, call):
    requests.clear()
    documents.clear()
    Server.code = code
    try:
        call()
    except ApiError as error:
        what = f"{type(error).__name__} {error.status_code}"
    print(f"{label}: {what}, {len(requests)} x {' or '.join(sorted(set(requests)))}, {len(documents)} stored")


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = Elasticsearch(f"http://127.0.0.1:{server.server_port}")
event = {"step": "upgrade"}
told("index", 504, lambda: client.index(index="run", document=event))
told("index, id", 504, lambda: client.index(index="run", id="1", document=event))
told("index, max_retries=0", 504, lambda: client.options(max_retries=0).index(index="run", document=event))
bulk = [{"_index": "run", "_id": "1", **event}]
told("bulk, max_retries=2", 429, lambda: helpers.bulk(client, bulk, max_retries=2, initial_backoff=0.01))
P
venv/bin/pip list --disable-pip-version-check 2> /dev/null | grep elastic | tr -s ' '
venv/bin/python again.py | tee seen
diff seen - <<'SEEN'
index: ApiError 504, 4 x POST /run/_doc, 4 stored
index, id: ApiError 504, 4 x PUT /run/_doc/1, 1 stored
index, max_retries=0: ApiError 504, 1 x POST /run/_doc, 1 stored
bulk, max_retries=2: ApiError 429, 12 x PUT /_bulk, 1 stored
SEEN
