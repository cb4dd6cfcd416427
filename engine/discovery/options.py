"""The options of `python -m engine inventory`, as ssh takes them -> the host to begin with."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import UsageError
from engine.given_path import why_no_file
from engine.model.inventory import Host, Role
from engine.parse import inventory_values as values
from engine.parse.inventory_lines import Value, Wrong

T = TypeVar("T")
_OF_SSH = ("jump", "port", "identity", "config", "become")


def add_options(command: argparse.ArgumentParser) -> None:
    """Beside --check the options have no meaning: an inventory has its own."""
    command.add_argument("node", nargs="?", metavar="[USER@]HOST", help="a node; USER is root else")
    command.add_argument("-J", dest="jump", metavar="HOST", help="jump host, as of ssh")
    command.add_argument("-p", dest="port", metavar="PORT", help="port of sshd, as of ssh")
    command.add_argument("-i", dest="identity", metavar="FILE", help="private key, as of ssh")
    command.add_argument("-F", dest="config", metavar="FILE", help="configuration, as of ssh")
    command.add_argument("--become", action="store_true", help="become root there by sudo -n")
    command.add_argument(
        "--check", type=Path, metavar="FILE", help="compare this inventory with the cluster"
    )
    command.add_argument(
        "--step", default="", metavar="PACKAGE", help="with --check; else pytest.ini names it"
    )


def refuse_contradictions(given: argparse.Namespace) -> None:
    """UsageError for options that mean nothing together."""
    named = [f"-{_letter(name)}" for name in _OF_SSH if getattr(given, name)]
    if given.check is not None and (given.node or named):
        other = given.node or ", ".join(named)
        raise UsageError(
            f"--check and {other}: the inventory says itself how its nodes are reached"
        )
    if given.check is None and not given.node:
        raise UsageError("no node is named; expected [USER@]HOST, or --check with an inventory")
    if given.check is None and given.step:
        raise UsageError("--step is for --check: a new inventory has no setting of a version step")


def _letter(name: str) -> str:
    return {"jump": "J", "port": "p", "identity": "i", "config": "F"}.get(name, f"-{name}")


def start_of(given: argparse.Namespace) -> Host:
    """The node to begin with, as an inventory would have it. UsageError names what is wrong."""
    user, at, address = given.node.rpartition("@")
    if at and not user:
        raise UsageError(f"{given.node!r} has no user before the @; expected [USER@]HOST")
    return Host(
        name=given.node,
        role=Role.OPERATIVE,
        address=_read("HOST (a port goes behind -p)", values.address, address),
        user=_read("USER", values.user, user) if at else "root",
        port=_read("-p", values.number(1, 65535), given.port) if given.port else 22,
        key_file=_file("-i", given.identity) if given.identity else None,
        ssh_args=_ssh_args(given),
        become=given.become,
    )


def _ssh_args(given: argparse.Namespace) -> tuple[str, ...]:
    words: list[str] = []
    if given.config:
        # `none` is ssh's own word for no file at all
        words += ["-F", given.config if given.config == "none" else str(_file("-F", given.config))]
    if given.jump:
        words += ["-J", given.jump]
    return _read("-J", values.ssh_args, shlex.join(words)) if words else ()


def _file(option: str, given: str) -> Path:
    path = Path(given).expanduser().absolute()
    if why := why_no_file(path):
        raise UsageError(f"{option}: {path}: {why}")
    return path


def _read(option: str, reader: Callable[[Value], T], given: Any) -> T:
    try:
        return reader(Value(str(given), str(given), 0))
    except Wrong as wrong:
        raise UsageError(f"{option} {wrong}") from None
