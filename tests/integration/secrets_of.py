"""Where a rehearsal cluster's passwords must not turn up, and the forms they could have there."""

from __future__ import annotations

import base64
import gzip
import html
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

from tests.integration.clusters import TestCluster

SETTINGS = "/etc/neteye-rehearsal/settings.json"


def passwords_of(cluster: TestCluster) -> dict[str, str]:
    """Name -> password: those drawn with the cluster, and those in files now (the new ones)."""
    drawn: dict[str, str] = json.loads(cluster.read(cluster.active, SETTINGS))["passwords"]
    listing = cluster.shell(cluster.active, "cd /root && ls -- .pwd_*").split()
    now = {f"{name} now": cluster.read(cluster.active, f"/root/{name}").strip() for name in listing}
    return {**drawn, **now}


def forms_of(password: str) -> Iterator[bytes]:
    """The password as it is, and as URLs, base64, JSON, HTML and a shell would carry it."""
    plain = password.encode()
    yield plain
    yield quote(password, safe="").encode()
    yield quote_plus(password).encode()
    yield html.escape(password).encode()
    yield json.dumps(password)[1:-1].encode()
    # within other text base64 depends on the place: the middle of each of the three ways
    for before in range(3):
        yield base64.b64encode(b"x" * before + plain)[4:-4]


def exposed(passwords: dict[str, str], contents: Iterable[tuple[str, bytes]]) -> list[str]:
    """What shows which password; never the password itself."""
    forms = {name: tuple(forms_of(password)) for name, password in passwords.items()}
    return [
        f"{place}: password {name}"
        for place, content in contents
        for name, variants in forms.items()
        if any(form in content for form in variants)
    ]


def contents_of(directory: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below, what is packed unpacked."""
    for path in filter(Path.is_file, directory.rglob("*")):
        content = path.read_bytes()
        yield str(path), gzip.decompress(content) if path.suffix == ".gz" else content
