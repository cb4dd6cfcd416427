"""The Icinga 2 of a rehearsal cluster, as a test sees it: past the runbook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.errors import CommandError
from rehearsal.render import icinga
from rehearsal.run import wait_for
from tests.integration.clusters import SETTLE, TestCluster

URL = f"https://{icinga.SERVICE}.neteyelocal:5665/v1/"
# the password goes from its file to curl past every list of arguments
_ASK = r"""
name=$(printf %s "$1" | tr - _)
{ printf 'user = "%s:' "$1"; tr -d '\n' < "/root/.pwd_icinga2_$name"; printf '"\n'; } |
  curl --config - --silent --show-error --cacert "$2" --max-time 60 --request "$3" \
    --header 'Accept: application/json' ${5:+--data "$5"} --write-out '\n%{http_code}' "$4"
"""


@dataclass(frozen=True)
class Answer:
    """The status of HTTP, and the JSON that came with it."""

    status: int
    content: Any

    @property
    def results(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.content["results"]
        return found


@dataclass(frozen=True)
class Icinga:
    """Asked from an operative node of the cluster, by the name of the service."""

    cluster: TestCluster

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        user: str = "root",
        node: str | None = None,
        authority: str = icinga.AUTHORITY,
    ) -> Answer:
        """CommandError when no HTTP came of it: curl's exit status and words are in it."""
        data = "" if body is None else json.dumps(body)
        arguments = (user, authority, method, f"{URL}{path}", data)
        text = self.cluster.shell(node or self.cluster.active, _ASK, *arguments)
        content, _, status = text.rpartition("\n")
        return Answer(int(status), json.loads(content))

    def attributes(self, kind: str, *names: str) -> dict[str, dict[str, Any]]:
        """Of each object of that kind (`hosts`, `services`, `downtimes`), by its full name."""
        wanted = "&".join(f"attrs={name}" for name in names)
        answer = self.ask("GET", f"objects/{kind}?{wanted}")
        assert answer.status == 200, answer
        return {one["name"]: one["attrs"] for one in answer.results}

    def in_downtime(self) -> set[str]:
        """Hosts, and services as `HOST!SERVICE`, that are in a downtime now."""
        return {
            name
            for kind in ("hosts", "services")
            for name, one in self.attributes(kind, "downtime_depth").items()
            if one["downtime_depth"] > 0
        }

    def report(self, host: str, service: str, code: int) -> None:
        """A check's result: 0 is OK, 1 a warning, 2 critical."""
        wanted = f'host.name == "{host}" && service.name == "{service}"'
        body = {"type": "Service", "filter": wanted, "exit_status": code, "plugin_output": "test"}
        answer = self.ask("POST", "actions/process-check-result", body)
        assert answer.status == 200, answer

    def messages(self) -> list[dict[str, Any]]:
        """What would have been sent so far, oldest first."""
        script = 'if [ -e "$1" ]; then cat -- "$1"; fi'
        node = self.cluster.node_of(icinga.SERVICE)
        return [
            json.loads(line)
            for line in self.cluster.shell(node, script, icinga.MESSAGES).splitlines()
        ]

    def problems(self, host: str, service: str) -> int:
        """How often somebody would have been told that this service has a problem."""
        told = [(m["type"], m["host"], m["service"]) for m in self.messages()]
        return told.count(("PROBLEM", host, service))

    def until_answering(self) -> None:
        """Wait until it answers: it has been stopped, killed, or is on its way to another node."""

        def missing() -> str | None:
            try:
                return None if self.ask("GET", "").status == 200 else "another status than 200"
            except CommandError as failed:
                return str(failed)

        wait_for("Icinga's API answers", missing, seconds=SETTLE)

    def until_checked(self) -> None:
        """Wait until everything was checked once: within a minute of Icinga's first start."""

        def missing() -> str | None:
            found = {
                name
                for kind in ("hosts", "services")
                for name, one in self.attributes(kind, "last_check").items()
                if one["last_check"] <= 0
            }
            return ", ".join(sorted(found)) or None

        wait_for("everything was checked by Icinga", missing, seconds=SETTLE)

    def until_told(self, host: str, service: str, times: int = 1) -> None:
        """Wait until somebody would have been told so often that a service has a problem."""

        def missing() -> str | None:
            told = self.problems(host, service)
            return None if told >= times else f"told {told} times of {host}, {service}"

        wait_for("a message of Icinga", missing, seconds=SETTLE)
