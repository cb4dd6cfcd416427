"""The command line: `python -m rehearsal COMMAND`.

Exit status: 0 done, 1 not possible (one sentence says why), 4 usage error. `exec` and `shell` end
with the status of what they ran.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, Optional

from rehearsal import agents, bases, carrying, cluster, host, known, logins, power, step, waiting
from rehearsal.errors import RehearsalError, UsageError
from rehearsal.like import making as twins
from rehearsal.like.twin import Twin
from rehearsal.like.wanting import missing_lines
from rehearsal.state import Asked, State
from rehearsal.topology import DEFAULT_NAME

USAGE_ERROR = 4


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE_ERROR, f"{self.prog}: {message}\n")


def _setting(text: str) -> tuple[str, object]:
    key, separator, value = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value  # not JSON: text as it is


def _file(text: str) -> tuple[str, Path]:
    name, separator, path = text.partition("=")
    if not separator or not name.isalpha():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PATH")
    return name, Path(path)


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    main_parser = _Parser(prog="python -m rehearsal", description="The rehearsal cluster.")
    commands = main_parser.add_subparsers(dest="command", required=True, parser_class=_Parser)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--name", default=DEFAULT_NAME, help="cluster (default: %(default)s)")
        return command

    listing = ", ".join(scenario.name for scenario in step.load().scenarios)
    for name, text in (("up", "start the cluster"), ("reset", "put it back to its start")):
        command = add(name, text)
        command.add_argument("--scenario", help=f"starting state, by default one of: {listing}")
        command.add_argument("--seed", type=int, help="what is drawn (default: random)")
        command.add_argument(
            "--set",
            action="append",
            type=_setting,
            metavar="KEY=VALUE",
            help="a setting of the stand-ins instead of what is drawn, VALUE as JSON or text",
        )
        if name == "up":
            command.add_argument(
                "--fresh", action="store_true", help="made anew, also when one is up already"
            )
            command.add_argument("--nodes", help="for example operative=3,elastic=1,voting=1")
            command.add_argument(
                "--step",
                metavar="PACKAGE",
                help=f"version step, an importable package (default: {step.DEFAULT}; a cluster that"
                " is there keeps its own)",
            )
            names = ", ".join(base.name for base in bases.BASES)
            command.add_argument(
                "--base",
                metavar="NAME",
                help=f"what the nodes run, one of {names} (default: {bases.DEFAULT.name}; a cluster"
                " that is there keeps its own)",
            )
            _add_from(command)
            command.add_argument(
                "--like",
                type=Path,
                metavar="SNAPSHOT",
                help="a twin of the cluster in this snapshot, instead of --scenario and --nodes",
            )
            command.add_argument(
                "--rows",
                metavar="SHARE",
                help="of a twin: which share of the database's rows it has, as 1/10 (default: 1)",
            )
            command.add_argument(
                "--login",
                metavar="USER",
                help=f"as whom the controller logs in (default: {logins.ROOT}; a cluster that is"
                " there keeps its own); another user becomes root by sudo, and root is let in from"
                " nodes alone",
            )
    for name, text in (
        ("save", "keep the cluster's state under a label"),
        ("load", "put the cluster into a state that was saved"),
    ):
        add(name, text).add_argument("label")
    _add_image(commands)
    add("inventory", "print the inventory, also without a cluster")
    command = add("down", "remove everything the cluster is made of")
    command.add_argument("--all", action="store_true", help="the node images too")
    command = add("status", "show nodes and resources")
    command.add_argument("--json", action="store_true", help="the nodes as JSON")
    command = add("report", "let machines beside the cluster report, by their agents")
    command.add_argument("machine", nargs="*", help="all of them where none is named")
    command.add_argument(
        "--due", action="store_true", help="only where the server says that an inventory is due"
    )
    command.add_argument(
        "--file",
        action="append",
        type=_file,
        default=[],
        metavar="NAME=PATH",
        help="a file of the machines' directories from now on: memory, what dmidecode prints there",
    )
    command.add_argument(
        "--every", type=float, metavar="SECONDS", help="again and again, until Ctrl-C"
    )
    add("shell", "a root shell on a node").add_argument("node")
    command = add("exec", "run a command on a node")
    command.add_argument("node")
    command.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    for name, text in (
        ("start", "start a node that is off"),
        ("stop", "shut a node down in good order"),
        ("kill", "cut a node's power"),
    ):
        add(name, text).add_argument("node")
    return main_parser


def _add_image(commands: "argparse._SubParsersAction[_Parser]") -> None:
    text = "write the node image into a file, or take it from one"
    command = commands.add_parser("image", help=text, description=text)
    command.add_argument("action", choices=("save", "load"))
    command.add_argument("file", metavar="FILE", type=Path)
    command.add_argument("--step", metavar="PACKAGE", default=step.DEFAULT, help="version step")
    command.add_argument("--base", metavar="NAME", help="what the nodes run")
    _add_from(command)


def _add_from(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--from",
        dest="made_from",
        metavar="IMAGE",
        help="make the base of this image of the same Debian, as debian:12, instead of by"
        " mmdebstrap (default: mmdebstrap where it is)",
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = parser().parse_args(argv)
    try:
        return _COMMANDS[options.command](options)
    except UsageError as error:
        print(error, file=sys.stderr)
        return USAGE_ERROR
    except RehearsalError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same command again takes up what is there", file=sys.stderr)
        return 130


def _up(options: argparse.Namespace) -> int:
    settings = dict(options.set) if options.set else None
    twin = _twin(options)
    asked = (options.name, options.scenario, options.seed, options.nodes, settings)
    more = {"step": options.step, "base": options.base, "login": options.login}
    cluster.up(*asked, **more, made_from=options.made_from, twin=twin, fresh=options.fresh)
    return 0


def _twin(options: argparse.Namespace) -> Optional[Twin]:
    """What --like and --rows ask for; raises UsageError."""
    if options.like is None:
        if options.rows is not None:
            raise UsageError("--rows: it is for a twin, which --like makes.")
        return None
    for name in ("scenario", "nodes"):
        if getattr(options, name) is not None:
            raise UsageError(f"--like: it is not for --{name}, which the snapshot decides.")
    return twins.twin_of(options.like, options.rows)


def _reset(options: argparse.Namespace) -> int:
    settings = dict(options.set) if options.set else None
    cluster.reset(options.name, options.scenario, options.seed, settings)
    return 0


def _label_command(work: Callable[[str, str], None]) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        work(options.name, options.label)
        return 0

    return run


def _image(options: argparse.Namespace) -> int:
    chosen = step.load(options.step)
    base = bases.find(options.base) if options.base else None
    if options.action == "load" and options.made_from:
        raise UsageError("image load: --from is for what is built; a file's image is there already")
    host.prepare()
    if options.action == "load":
        carrying.load(chosen, base, options.file, print)
    else:
        carrying.save(chosen, base or bases.DEFAULT, options.made_from, options.file, print)
    return 0


def _inventory(options: argparse.Namespace) -> int:
    print(known.inventory_text(options.name), end="")
    return 0


def _down(options: argparse.Namespace) -> int:
    cluster.down(options.name, images=options.all)
    return 0


def _status(options: argparse.Namespace) -> int:
    topology = known.topology(options.name)
    rows = waiting.overview(topology)
    if options.json:
        print(waiting.to_json(rows))
        return 0
    before = State(options.name).read()
    if before is not None:
        asked = before[0]
        made_of = f"step {asked.package}, base {asked.base_name}, login {asked.login}"
        start = asked.twin.about() if asked.twin else f"scenario {asked.scenario}"
        print(f"{made_of}, {start}, seed {asked.seed}")
        _tell_missing(asked)
    for row in rows:
        print(
            "  ".join(
                f"{value:24}" if key == "node" else f"{value:14}" for key, value in row.items()
            ).rstrip()
        )
    if beside := agents.state(options.name):
        print(f"machines with agents: their container is {beside}")
    print(waiting.pcs_status(topology), end="")
    return 0


def _tell_missing(asked: Asked) -> None:
    if asked.twin is not None:
        print("".join(f"{line}\n" for line in missing_lines(asked.start().missing)), end="")


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--file: {path} can't be read: {error}") from error


def _report(options: argparse.Namespace) -> int:
    files, code = {name: _text_of(path) for name, path in options.file}, 0
    while True:
        for one in agents.report(options.name, options.machine, due=options.due, files=files):
            lines = [line for line in one.output.splitlines() if line.strip()]
            last = f"; its last words: {lines[-1].strip()}" if lines else ""
            print(f"{one.machine}: the agent ended with {one.code}{last}", flush=True)
            code = code or int(one.code != 0)
        if options.every is None:
            return code
        time.sleep(options.every)


def _shell(options: argparse.Namespace) -> int:
    return _ssh(options.name, options.node, [])


def _exec(options: argparse.Namespace) -> int:
    words = options.words[1:] if options.words[:1] == ["--"] else options.words
    if not words:
        raise UsageError("exec: no command given; for example: exec neteye01 pcs status")
    return _ssh(options.name, options.node, words)


def _ssh(name: str, node: str, words: Sequence[str]) -> int:
    """ssh takes over the terminal; the far side's shell reads the words as ssh passes them."""
    found = known.topology(name).find(node)
    config = State(name).ssh / "config"
    sys.stdout.flush()
    os.execvp("ssh", ["ssh", "-F", os.fspath(config), found.name, *words])


def _node_command(work: Callable[[str, str], None]) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        work(options.name, options.node)
        return 0

    return run


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "up": _up,
    "reset": _reset,
    "save": _label_command(cluster.save),
    "load": _label_command(cluster.load),
    "image": _image,
    "inventory": _inventory,
    "down": _down,
    "status": _status,
    "report": _report,
    "shell": _shell,
    "exec": _exec,
    "start": _node_command(power.start),
    "stop": _node_command(power.stop),
    "kill": _node_command(power.kill),
}
