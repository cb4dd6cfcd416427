"""`python -m engine`: work on evidence, without a cluster; and the inventory, with one."""

from __future__ import annotations

import argparse
import functools
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, TextIO

from engine.discovery import options as discovery
from engine.errors import NotWritten, RunbookError, UsageError
from engine.given_path import is_there, why_no_file
from engine.model.ending import Ending
from engine.prove import command as proving
from engine.record.archive import name_of
from engine.record.journal import utc_now
from engine.rejudge.rendering import data_of
from engine.rejudge.rendering import lines_of as lines_of_judging
from engine.report.compared import compared
from engine.report.console import clean_lines
from engine.report.evidence_files import (
    read_evidence,
    read_unaltered,
    refuse_while_it_runs,
    told_as_odd,
)
from engine.report.last_lines import last_lines, report_line

USAGE = Ending.USAGE.code
INTERRUPTED = 128 + signal.SIGINT
UNREAD = 128 + signal.SIGPIPE
"""Both as a shell tells it."""


class _Parser(argparse.ArgumentParser):
    """argparse ends with 2, which is `interrupted` here."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: error: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 not written, not valid, different, or something was found, 2 not
    proved, 4 wrong use."""
    try:
        code = _done(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # of `| head`: nobody reads on, and Python would write once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    return code


def _done(arguments: Sequence[str] | None) -> int:
    given = parser().parse_args(arguments)
    try:
        return {
            "approve": _approve,
            "bundle": _bundle,
            "card": _card,
            "compare": _compare,
            "inventory": _inventory,
            "judge": _judge,
            "report": _report,
            "verify": _verify,
            "watch": _watch,
        }[given.command](given)
    except UsageError as error:
        _say(f"ERROR: {error}", sys.stderr)
        return USAGE
    except RunbookError as error:
        _say(f"ERROR: {error}", sys.stderr)
        return Ending.FAILED.code
    except KeyboardInterrupt:
        return INTERRUPTED


def parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m engine", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    report = commands.add_parser(
        "report",
        help="make summary.json and the reports of a run from its journal",
        description="Makes summary.json, evidence.html, report.html and junit.xml anew, from its"
        " journal alone, however the run ended. The journal is not touched. They are signed with"
        " your key; without one nobody signs them. The manifest that was there and its signature"
        " are kept beside, as manifest.1.json and so on. 1: something was not as it was left.",
    )
    report.add_argument("run", type=Path, metavar="reports/RUN", help="the run's directory")
    check = commands.add_parser(
        "verify",
        help="tell whether anybody has touched a run's directory since",
        description="Checks that journal and files are as the run left them. engine/verify.py does"
        " the same by itself, for people without the project. 0: valid; 1: not valid; 2:"
        " consistent, but what was given does not prove all of it.",
    )
    proving.add_verify_options(check)
    look = commands.add_parser(
        "watch",
        help="show a run while it works",
        description="Shows phase, step, time, what a long command is at, nodes, gaps of services,"
        " and whether anything waits for a person, from the run's journal alone. It changes"
        " nothing and may be ended at any time. Into a pipe it prints lines.",
    )
    look.add_argument(
        "run", type=Path, nargs="?", metavar="reports/RUN", help="else the newest run, of here"
    )
    look.add_argument("--once", action="store_true", help="show it as it is now, and end")
    look.add_argument(
        "--on-node",
        action="store_true",
        help="ask the NetEye active node, once, when the run's machine is gone; 1: somebody has to"
        " look",
    )
    look.add_argument("--inventory", type=Path, metavar="FILE", help="the cluster, with --on-node")
    look.add_argument(
        "--step", default="", metavar="PACKAGE", help="with --on-node; else pytest.ini names it"
    )
    pair = commands.add_parser(
        "compare",
        help="show two runs side by side",
        description="Shows what two runs were, where their steps, durations, findings and rows"
        " differ, and what of the first one's course the second one did not have. 0: compared,"
        " whatever differs; 4: one of them can't be read, was altered, or is of another upgrade.",
    )
    pair.add_argument("one", type=Path, metavar="RUN_A", help="a run's directory; rehearsal.json")
    pair.add_argument("other", type=Path, metavar="RUN_B", help="another one")
    pair.add_argument("--all", action="store_true", help="steps that are the same, too")
    packed = commands.add_parser(
        "bundle",
        help="put what a run has recorded into one archive for support",
        description="Makes a support bundle of what a run has recorded; no node is asked, and the"
        " run's directory stays as it is. A run with --support-bundle asks the nodes, too.",
    )
    packed.add_argument("run", type=Path, metavar="reports/RUN", help="the run's directory")
    packed.add_argument("--out", type=Path, help="the file; else support-RUN.tar.gz here")
    listed = commands.add_parser(
        "inventory",
        help="write the inventory of a cluster, by one of its nodes",
        description="Asks a node, and by it the others, who they are and how they are reached from"
        " here, and prints an inventory. It changes nothing on a node and accepts no host key. 0:"
        " all nodes were reached, or the inventory is as the cluster; 1: not all, or something"
        " differs; 4: nothing was found by that node.",
    )
    discovery.add_options(listed)
    again = commands.add_parser(
        "judge",
        help="judge a run again from its recorded answers, without its cluster",
        description="Runs the steps of a run once more on the answers that it recorded, and"
        " compares what they find with what is on record. Nobody is asked, nothing is written. 0:"
        " the same findings and rows in everything that was judged; 1: differences.",
    )
    again.add_argument("run", type=Path, metavar="reports/RUN", help="the run's directory")
    again.add_argument("--json", action="store_true", help="for programs")
    again.add_argument("--step", default="", metavar="PACKAGE", help="else pytest.ini names it")
    page = commands.add_parser(
        "card",
        help="write one page to print: the week, the night, what to do when it stops",
        description="Writes one page for paper (A4) of an inventory: what to do on which day, the"
        " commands filled in, expected times, the point of no return, exit codes with the command"
        " that comes next, whom to call. Nobody is asked.",
    )
    page.add_argument("inventory", type=Path, metavar="prod.ini", help="the inventory")
    page.add_argument(
        "--plan", type=Path, metavar="reports/RUN", help="the plan that knows the times"
    )
    page.add_argument("--out", type=Path, help="the file; else card-CLUSTER.html here")
    word = commands.add_parser(
        "approve",
        help="sign a plan, so that it may be carried out",
        description="Signs the hash and the facts of a plan with your ssh key. A run that asks for"
        " approvals (runbook_approvals) takes it as one, as long as these facts hold.",
    )
    proving.add_approve_options(word)
    return parser


def _approve(given: argparse.Namespace) -> int:
    for line in proving.approve_plan(given, utc_now()):
        _say(line)
    return Ending.DONE.code


def _compare(given: argparse.Namespace) -> int:
    for line in list(compared(given.one, given.other, everything=given.all)):
        _say(line)
    return Ending.DONE.code


def _bundle(given: argparse.Namespace) -> int:
    from engine.support import bundle

    evidence, out = read_unaltered(given.run), given.out
    name = name_of(str(evidence.own[0]["run"]))
    own, file = evidence.directory / name, out or Path(name)
    if own.is_file() and out is None:
        _say(f"the run made one itself, with what the nodes said: {own}")
        return Ending.DONE.code
    if file.resolve().is_relative_to(evidence.directory):
        raise UsageError(f"{file}: the evidence of a run stays as it is; give --out another place")
    if is_there(file):
        raise UsageError(f"{file} is there already; remove it, or give --out another name")
    try:
        with told_as_odd(evidence.directory):
            bundle.write_afterwards(evidence, file)
    except OSError as error:
        raise NotWritten(f"{file}: can't be written ({error.strerror or error})") from error
    _say(f"written: {file}, without the nodes: nobody was asked; its index.txt says what is in it")
    return Ending.DONE.code


def _inventory(given: argparse.Namespace) -> int:
    from engine.ask.door import open_door
    from engine.discovery.command import check, discover, outcome
    from engine.discovery.rendering import render
    from engine.run.version_step import settings_of

    discovery.refuse_contradictions(given)
    tell = functools.partial(_say, file=sys.stderr)
    if given.check is not None:
        step = settings_of(Path(__file__).resolve().parents[1], given.step)
        told = check(given.check, step, open_door, tell)
        for line in told or (f"{given.check} is as the cluster",):
            _say(line)
        return Ending.FAILED.code if told else Ending.DONE.code
    found = discover(discovery.start_of(given), open_door, tell)
    print(render(found), end="")
    for line in outcome(found):
        tell(line)
    return Ending.FAILED.code if found.unreached or found.remarks else Ending.DONE.code


def _judge(given: argparse.Namespace) -> int:
    from engine.rejudge.again import judge_again

    again = judge_again(given.run, step=given.step)
    if given.json:
        print(json.dumps(data_of(again), indent=1))
    else:
        for line in lines_of_judging(again):
            _say(line)
    return Ending.DONE.code if again.is_same else Ending.FAILED.code


def _card(given: argparse.Namespace) -> int:
    from engine.card.command import write_card

    file = write_card(given.inventory, given.plan, given.out, utc_now())
    _say(f"written: {file}; print it, one sheet of A4")
    return Ending.DONE.code


def _verify(given: argparse.Namespace) -> int:
    verdict = proving.verdict_on(given)
    for line in verdict.lines:
        _say(line)
    return verdict.code


def _watch(given: argparse.Namespace) -> int:
    from engine.watching.command import watch

    if given.on_node:
        return _watch_on_node(given)
    if given.inventory or given.step:
        raise UsageError("--inventory and --step go with --on-node: else a run's journal is read")
    try:
        watch(given.run, sys.stdout, once=given.once)
    except BrokenPipeError:  # who read it has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Ending.DONE.code


def _watch_on_node(given: argparse.Namespace) -> int:
    from engine.ask.door import open_door
    from engine.parse.inventory_ini import read_inventory
    from engine.run.on_node import ask_node, lines_of
    from engine.run.version_step import settings_of

    if given.run is not None:
        raise UsageError(f"{given.run} with --on-node: the node says itself which run it is")
    if given.inventory is None:
        raise UsageError("--on-node needs --inventory FILE: the cluster whose node is asked")
    if why := why_no_file(given.inventory, "inventory"):
        raise UsageError(f"{given.inventory}: {why}")
    step = settings_of(Path(__file__).resolve().parents[1], given.step)
    inventory = read_inventory(given.inventory, step)
    transport = open_door(inventory)
    try:
        seen = ask_node(inventory, transport)
    finally:
        transport.close()
    for line in lines_of(seen, utc_now()):
        _say(str(line))
    return Ending.DONE.code if seen.is_well else Ending.FAILED.code


def _report(given: argparse.Namespace) -> int:
    from engine.run.anew import make_anew

    evidence = read_evidence(given.run)
    refuse_while_it_runs(evidence)
    with told_as_odd(evidence.directory):
        made = make_anew(evidence)
    lines = last_lines(made.summary, evidence.directory)
    for line in (*lines, *made.anew.console(), report_line(evidence.directory)):
        _say(line)
    found = [*made.anew.found(), *evidence.found()]
    for text in found:
        _say(f"FOUND: {text}")
    return Ending.FAILED.code if found else Ending.DONE.code


def _say(text: str, file: TextIO | None = None) -> None:
    """Print it without what steers a terminal: a journal has the words of nodes as they came."""
    for line in clean_lines(text) or [""]:
        print(line, file=file)
