"""Stands for curl on a node, and for the Icinga that it asks: what Icinga 2.13.6 was seen to do.

The node's curl is a shell script that hands its arguments and standard input over to the process
of the test: a Python for each request would take most of the tests' time. What real Icinga 2
answers lies in tests/data/icinga; a test holds these answers against that.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import select
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, NamedTuple

WAIT = 60.0
"""Seconds after which a script that does nothing is taken to hang."""


class Icinga:
    def __init__(self, state: Path) -> None:
        self.path = state
        self.now: dict[str, Any] = json.loads(state.read_text())

    def objects(self, kind: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        names = body.get("filter_vars", {}).get("names", [])
        condition = body["filter"]
        if kind == "hosts":
            if condition in self.now["filters"]:
                return [h for h in self.now["hosts"] if h["name"] in self.now["filters"][condition]]
            if not condition.startswith("host.name.lower() in names"):
                raise LookupError("syntax error, unexpected end of file")
            keys = ("name", "address", "address6")
            return [h for h in self.now["hosts"] if {h[k].lower() for k in keys} & set(names)]
        if kind == "services":
            return [s for s in self.now["services"] if s["host_name"] in names]
        author = body["filter_vars"]["author"]
        return [one for one in self.now["downtimes"] if one["author"] == author]

    def depth(self, host: str, service: str) -> int:
        if self.now.get("sleeps"):
            return 0
        held = ((d["host_name"], d["service_name"]) for d in self.now["downtimes"])
        return sum(one == (host, service) for one in held)

    def asked(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        found = []
        for one in self.objects(kind, body):
            attrs = dict(one)
            name = one["name"]
            if kind == "services":
                name = f"{one['host_name']}!{one['name']}"
            if kind != "downtimes":
                of = (one["host_name"], one["name"]) if kind == "services" else (one["name"], "")
                attrs["downtime_depth"] = float(self.depth(*of))
            kept = {key: attrs[key] for key in body["attrs"]}
            found.append({"attrs": kept, "joins": {}, "meta": {}, "name": name, "type": kind})
        return {"results": found}

    def schedule(self, body: dict[str, Any]) -> dict[str, Any]:
        names = set(body["filter_vars"]["names"])
        made = []
        if body["type"] == "Service":
            made = [
                (s["host_name"], s["name"])
                for s in self.now["services"]
                if f"{s['host_name']}!{s['name']}" in names
            ]
        else:
            for host in self.now["hosts"]:
                if host["name"] in names:
                    made.append((host["name"], ""))
                    services = [s for s in self.now["services"] if s["host_name"] == host["name"]]
                    made += [(host["name"], s["name"]) for s in services if body["all_services"]]
        if "killed_after" in self.now:
            made = made[: self.now.pop("killed_after")]
        results = [self._add(host, service, body) for host, service in made]
        self.now["requests"].append(["schedule", body["type"], sorted(names)])
        return {"results": results}

    def _add(self, host: str, service: str, body: dict[str, Any]) -> dict[str, Any]:
        self.now["number"] += 1
        where = f"{host}!{service}" if service else host
        name = f"{where}!id-{self.now['number']}"
        kept = {key: body[key] for key in ("author", "comment", "start_time", "end_time")}
        entry = {"name": name, "host_name": host, "service_name": service, **kept}
        self.now["downtimes"].append(entry)
        return {"code": 200, "name": name, "status": f"Successfully scheduled downtime '{name}'"}

    def remove(self, body: dict[str, Any]) -> dict[str, Any]:
        wanted = body["filter_vars"]
        left = self.now["downtimes"]
        gone = [d for d in left if all(d[key] == wanted[key] for key in ("author", "comment"))]
        self.now["requests"].append(["remove", body["type"], len(gone)])
        if not self.now.get("stuck"):
            self.now["downtimes"] = [one for one in left if one not in gone]
        return {"results": [{"code": 200, "status": "Successfully removed"} for _ in gone]}

    def answer(self, user: str, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        wanted = path.removeprefix("/v1/")
        if user not in self.now["users"]:
            return 401, {
                "error": 401,
                "status": "Unauthorized. Please check your user credentials.",
            }
        if method == "GET" and not wanted:
            named = [one.replace("objects/", "objects/query/") for one in self.now["users"][user]]
            return 200, {"results": [{"permissions": named, "user": user, "version": "r2.13.6-1"}]}
        if wanted not in self.now["users"][user]:
            why = {"error": 404, "status": "No objects found."}
            permission = (
                f"Error: Missing permission: {wanted.replace('objects', 'objects/query')}\n"
            )
            return 404, {**why, "diagnostic_information": permission} if "verbose" in body else why
        kind = wanted.rpartition("/")[2]
        if method == "GET":
            try:
                return 200, self.asked(kind, body)
            except LookupError as error:
                said = {"diagnostic_information": f"Error: {error}\nLocation: in <API query>"}
                return 404, {"error": 404, "status": "No objects found.", **said}
        done = self.schedule(body) if kind == "schedule-downtime" else self.remove(body)
        self.path.write_text(json.dumps(self.now))
        return (200 if done["results"] else 500), done


CURL = """\
#!/bin/sh
{ printf '%s\\0' "$#"; cat; printf '\\0'; [ "$#" = 0 ] || printf '%s\\0' "$@"; } > "$ASKED"
read -r code < "$ANSWERED"
cat "$SAID.out"
cat "$SAID.err" >&2
exit "$code"
"""


class Said(NamedTuple):
    """What curl prints, and its exit code."""

    code: int
    out: str = ""
    err: str = ""


def curl(state: Path, given: str, words: Sequence[str]) -> Said:
    """The answer of the Icinga with this state to a curl with these arguments.

    `given`: its standard input.
    """
    icinga = Icinga(state)
    options = dict(itertools.pairwise(words))
    headers = {words[i + 1] for i, word in enumerate(words) if word == "--header"}
    assert words[0] == "-q", "a .curlrc would be read"
    assert options["--noproxy"] == "*"
    assert "Accept: application/json" in headers
    assert options["--config"] == "-"
    login = re.fullmatch(r'user = "([^:]+):(.*)"\n', given)
    assert login, "no login on standard input"
    user, password = login[1], re.sub(r"\\(.)", r"\1", login[2])
    (state.parent / "arguments").write_text("\n".join(words))
    if icinga.now.get("down"):
        where = "icinga2-master.neteyelocal port 5665"
        return Said(7, err=f"curl: (7) Failed to connect to {where}\n")
    if Path(options["--cacert"]).read_text() != "the CA of Icinga\n":
        why = "unable to get local issuer"
        return Said(60, err=f"curl: (60) SSL certificate problem: {why}\n")
    method = next(h for h in headers if h.startswith("X-HTTP-Method-Override: ")).split()[1]
    path = words[-1].removeprefix("https://icinga2-master.neteyelocal:5665")
    known = user if password == icinga.now["password"] else ""
    status, said = icinga.answer(known, method, path, json.loads(options["--data-raw"]))
    return Said(0, f"{json.dumps(said)}\n{status}")


class Asking:
    """The pipes by which a node's curl, as often as a script starts it, asks this process."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._asked, self._asks = os.pipe()
        self._hears, self._answer = os.pipe()
        self._said = state.with_name("said")

    def run(self, words: Sequence[str], path: str) -> subprocess.CompletedProcess[bytes]:
        """The command with this search path, answered until nobody is left who could ask."""
        ends = (self._asks, self._hears)
        places = {"ASKED": ends[0], "ANSWERED": ends[1]}
        env = {name: f"/proc/self/fd/{end}" for name, end in places.items()}
        env |= {"PATH": path, "LC_ALL": "C", "SAID": str(self._said)}
        with TemporaryFile() as out, TemporaryFile() as err:
            process = subprocess.Popen(words, stdout=out, stderr=err, env=env, pass_fds=ends)
            try:
                for end in ends:
                    os.close(end)
                self._serve()
                code = process.wait(WAIT)
            finally:
                process.kill()
                process.wait()
                os.close(self._asked)
                os.close(self._answer)
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(words, code, out.read(), err.read())

    def _serve(self) -> None:
        heard: list[bytes] = []
        rest = b""
        while part := self._part():
            *whole, rest = (rest + part).split(b"\0")
            heard += whole
            while heard and len(heard) >= int(heard[0]) + 2:
                count = int(heard[0])
                given, *words = (text.decode() for text in heard[1 : count + 2])
                del heard[: count + 2]
                said = curl(self._state, given, words)
                self._said.with_suffix(".out").write_text(said.out)
                self._said.with_suffix(".err").write_text(said.err)
                os.write(self._answer, b"%d\n" % said.code)

    def _part(self) -> bytes:
        ready, _, _ = select.select([self._asked], [], [], WAIT)
        assert ready, f"the script has neither asked nor ended for {WAIT:.0f} s"
        return os.read(self._asked, 1 << 16)
