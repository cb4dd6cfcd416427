"""What an event says of nodes, services and the change under way. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from engine.model.answer import NEVER_STARTED, LostKind
from engine.model.event import Event
from engine.model.steps import base_of
from engine.watching.state import Command, Node, Service, Watched

_OUT_OF_REACH = frozenset({*NEVER_STARTED, LostKind.CONNECTION_LOST}) - {LostKind.FORWARDING}


def time_of(event: Event, name: str = "time") -> datetime:
    """A moment of an event: when it was recorded, or that of another field."""
    return datetime.fromisoformat(str(event[name]))


def observation(watched: Watched, event: Event) -> Watched:
    """A node was asked; its answer, or why there is none."""
    if not event.get("problem"):
        return _seen(watched, event)
    if event.get("lost") in _OUT_OF_REACH:
        return _lost(watched, event, str(event["problem"]))
    # it was asked for too much, or said what nobody understands; whether it answers is not told
    return watched


def connection(watched: Watched, event: Event) -> Watched:
    """The node of a followed command is lost, or back."""
    if event["state"] == "lost":
        return _lost(watched, event, str(event["why"]))
    return _seen(watched, event)


def _lost(watched: Watched, event: Event, why: str) -> Watched:
    node = watched.nodes.get(str(event["node"]), Node())
    return _with_node(watched, event["node"], lost=node.lost or time_of(event), why=why)


def _seen(watched: Watched, event: Event) -> Watched:
    return _with_node(watched, event["node"], seen=time_of(event), lost=None, why="")


def _with_node(watched: Watched, name: object, **known: Any) -> Watched:
    """The controller is asked like a node, and is none."""
    node = watched.nodes.get(str(name))
    if node is None:
        return watched
    return replace(watched, nodes={**watched.nodes, str(name): replace(node, **known)})


def standby(watched: Watched, event: Event) -> Watched:
    """A node was seen in standby, or no more."""
    since = time_of(event) if event["state"] == "entered" else None
    return _with_node(watched, event["node"], standby=since)


def fencing(watched: Watched, event: Event) -> Watched:
    """Fencing was seen off, or on again."""
    return replace(watched, fencing_off=time_of(event) if event["state"] == "off" else None)


def lasting(watched: Watched, event: Event) -> Watched:
    """What an earlier run of the attempt has left."""
    since = time_of(event, "since")
    if event["kind"] == "fencing":
        return replace(watched, fencing_off=since)
    return _with_node(watched, event["subject"], standby=since)


def intent(watched: Watched, event: Event) -> Watched:
    """A change begins; there is one at a time."""
    # one that an earlier run has begun, and this one follows, says since when
    since = time_of(event, "since" if "since" in event else "time")
    command = Command(str(event["key"]), str(event["node"]), str(event["what"]), since=since)
    if watched.is_no_return_behind or base_of(str(event["step"])) != watched.no_return:
        return replace(watched, command=command)
    return replace(watched, command=command, passed=command.since, passed_by=command.key)


def progress(watched: Watched, event: Event) -> Watched:
    """The long command's log has gone on."""
    known = _seen(watched, event)
    if known.command is None or known.command.key != event["key"]:
        return known
    command = replace(
        known.command,
        play=str(event["play"]),
        task=str(event["task"]),
        host=str(event["host"]),
        tasks=int(event["tasks"]),
        told=time_of(event),
    )
    return replace(known, command=command)


def result(watched: Watched, event: Event) -> Watched:
    """The change has an end, or nobody knows it."""
    answered = event.get("code") is not None and event.get("node")
    known = _seen(watched, event) if answered else watched
    if event.get("never_started") and known.passed_by == event["key"]:
        known = replace(known, passed=None, passed_by="")
    if known.command is None or known.command.key != event["key"]:
        return known
    # of an unknown outcome the command may still run
    return known if event["outcome"] == "unknown" else replace(known, command=None)


def command_seen(watched: Watched, event: Event) -> Watched:
    """How a long command was seen when the run ended."""
    if watched.command is None or watched.command.key != event["key"]:
        return watched
    return replace(watched, command=replace(watched.command, left=str(event["state"])))


def probing(watched: Watched, event: Event) -> Watched:
    """A service begins to be asked, answers, is asked no more."""
    if event["state"] in ("began", "answers"):
        return _with_service(watched, event, way=str(event.get("way", "")), ended=False)
    return _with_service(watched, event, ended=True)


def service_gap(watched: Watched, event: Event) -> Watched:
    """A service does not answer, or does again."""
    known = watched.services.get(str(event["target"]), Service())
    if event["state"] == "began":
        since = time_of(event, "since")
        why, unseen = str(event["why"]), bool(event["unseen"])
        return _with_service(watched, event, gap=since, unseen=unseen, why=why)
    if event.get("still"):
        return watched  # the asking ended, the gap did not
    fields: dict[str, Any] = {"gap": None, "unseen": False, "why": ""}
    if not event["unseen"]:
        fields |= {"gaps": known.gaps + 1, "seconds": known.seconds + float(event["seconds"])}
    return _with_service(watched, event, **fields)


def _with_service(watched: Watched, event: Event, **known: Any) -> Watched:
    name = str(event["target"])
    service = replace(watched.services.get(name, Service()), **known)
    return replace(watched, services={**watched.services, name: service})
