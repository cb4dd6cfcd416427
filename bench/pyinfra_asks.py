"""Run by pyinfra's own Python: asks what standard input names, and prints the seconds it took."""

from __future__ import annotations

import json
import sys
import time

import gevent
from pyinfra.api import Config, Inventory, State
from pyinfra.api.connect import connect_all


def main() -> None:
    wanted = json.load(sys.stdin)
    hosts = [
        (
            name,
            {"ssh_hostname": one["address"], "ssh_config_file": one["config"], "ssh_user": "root"},
        )
        for name, one in wanted.items()
    ]
    state = State(inventory=Inventory((hosts, {})), config=Config())
    begun = time.monotonic()
    connect_all(state)
    asking = [gevent.spawn(ask, host, wanted[host.name]["ask"]) for host in state.inventory]
    gevent.joinall(asking, raise_error=True)
    print(time.monotonic() - begun)


def ask(host: object, questions: list[str]) -> None:
    for question in questions:
        host.run_shell_command(question)


if __name__ == "__main__":
    main()
