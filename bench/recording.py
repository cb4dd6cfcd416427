"""A plugin of pytest that writes down what a plan sends to nodes: `-p bench.recording`.

The file named by BENCH_QUESTIONS gets a JSON list a command: node, then its argument list. Commands
that are given something on standard input are left out.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine.transport.ssh import SshTransport

_LOCK = threading.Lock()


def _recorded(method: Callable[..., Any], has_several: bool) -> Callable[..., Any]:
    def call(door: SshTransport, node: str, what: Sequence[Any], *args: Any, **named: Any) -> Any:
        commands = what if has_several else [what]
        if named.get("stdin") is None:
            with _LOCK, Path(os.environ["BENCH_QUESTIONS"]).open("a", encoding="utf-8") as file:
                file.writelines(json.dumps([node, *command]) + "\n" for command in commands)
        return method(door, node, what, *args, **named)

    return call


for _name in ("run", "ask", "ask_batch", "stream", "fetch"):
    setattr(SshTransport, _name, _recorded(getattr(SshTransport, _name), _name == "ask_batch"))
