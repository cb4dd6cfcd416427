"""Who had a part in the change: operators, their logins on the nodes, who decided what. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.model.event import Event, operator_of
from engine.model.groups import grouped
from engine.prove.anew import Anew
from engine.report.audit.approvals import approvals_of
from engine.report.audit.runbooks import SHOWN, UNKNOWN

OLDER = "not given (older runbook)"
"""A fact that the runbook of that run did not record."""
_FINGERPRINT = "SHA256:"
"""How ssh begins the fingerprint of a key."""
_UNSIGNED = "not signed"
_NO_SEAL = "no signature is on record here"
_NO_END = "not sealed: it did not write its end"
LATER = "told by VERIFY.txt: signed, if at all, after this page is written"


@dataclass(frozen=True)
class Operator:
    """Who gave the command of a run, on which machine, as this machine has it."""

    run: str
    begun: str
    mode: str
    login: str
    host: str
    signed: str
    """Fingerprint of the key that sealed the run's evidence, of the last run of the one that was
    found for it; without one what is known of it."""
    runbook: str
    """The first digits of its hash."""
    is_other_runbook: bool
    """It is another one than that of the first run."""

    @property
    def who(self) -> str:
        """Login and machine."""
        return f"{self.login} on {self.host}"


@dataclass(frozen=True)
class NodeLogin:
    """As whom, which way and by which key the runbook was on a node."""

    node: str
    user: str
    root: str
    """As whom commands run there."""
    way: str
    key: str
    """The fingerprint, or why there is none."""
    key_from: str
    host_key: str
    runs: tuple[str, ...] = ()


@dataclass(frozen=True)
class SameLogin:
    """What is alike of several nodes' logins."""

    nodes: tuple[str, ...]
    user: str
    root: str
    key: str
    key_from: str


@dataclass(frozen=True)
class SharedKey:
    """A key by which nodes were logged in to, and what it has signed as well."""

    key: str
    signs: tuple[str, ...]


@dataclass(frozen=True)
class Decision:
    """A person's word: what it was about, why, since and until when (texts or '')."""

    kind: str
    about: str
    by: str
    why: str
    given: str
    until: str = ""
    where: str = ""
    """Id of the section that has more of it."""


@dataclass(frozen=True)
class Told:
    """Somebody was told, by the operator's own command."""

    when: str
    occasion: str
    program: str
    problem: str


@dataclass(frozen=True)
class People:
    """Everybody who had a part in it."""

    operators: tuple[Operator, ...]
    logins: tuple[NodeLogin, ...]
    alike: tuple[SameLogin, ...]
    """The same in short: nodes with one user and one key together."""
    shared: tuple[SharedKey, ...]
    decisions: tuple[Decision, ...]
    told: tuple[Told, ...]


def people_of(events: Sequence[Event], sealed: Iterable[Event], anew: Anew | None = None) -> People:
    """`events` of all runs of the attempt; `sealed`: the seals of its earlier runs, if any.

    `anew`: the last one's evidence is made after it, and signed anew or not.
    """
    keys = {str(seal["run"]): str(seal.get("key") or _UNSIGNED) for seal in sealed}
    begun = [event for event in events if event["event"] == "run-started"]
    for event in begun:
        has_ended = any(e["event"] == "run-ended" and e["run"] == event["run"] for e in events)
        keys.setdefault(str(event["run"]), _NO_SEAL if has_ended else _NO_END)
    unsealed = {run for run, key in keys.items() if key == _NO_SEAL}
    unsealed -= {str(event["run"]) for event in begun[-1:]}
    if begun:
        run = str(begun[-1]["run"])
        keys[run] = anew.key if anew else _of_the_last(events, run)
    logins = _logins(begun, events)
    words = {**keys, run: anew.signed()} if anew and begun else keys
    found = {str(e["run"]): str(e["key"]) for e in events if e["event"] == "signer" and e["key"]}
    words |= {run: f"{_NO_SEAL}; {found[run]} was found for it" for run in unsealed & found.keys()}
    return People(
        tuple(_operator(event, words, begun[0]) for event in begun),
        tuple(logins),
        tuple(_alike(logins)),
        tuple(_shared(logins, keys, events)),
        tuple(_decisions(begun, events)),
        tuple(
            Told(
                str(event["time"]),
                str(event["occasion"]),
                str(event.get("program") or OLDER),
                str(event["problem"]),
            )
            for event in events
            if event["event"] == "notified"
        ),
    )


def _of_the_last(events: Iterable[Event], run: str) -> str:
    """What signs the last run: the page is written before, when the key has been found."""
    found = [e for e in events if e["event"] == "signer" and e["run"] == run]
    if not found:
        return LATER
    return str(found[-1]["key"]) or f"{_UNSIGNED}: {found[-1]['why']}"


def _shared(
    logins: Iterable[NodeLogin], keys: Mapping[str, str], events: Sequence[Event]
) -> Iterator[SharedKey]:
    """`keys`: run -> the key of its evidence, by fingerprint."""
    for key in dict.fromkeys(login.key for login in logins if login.key.startswith(_FINGERPRINT)):
        signs = [f"the evidence of run {run}" for run, signer in keys.items() if signer == key]
        signs += [
            f"the approval of {one['name']} by {one['by']}"
            for one in approvals_of(events)
            if one["key"] == key
        ]
        if signs:
            yield SharedKey(key, tuple(signs))


def _operator(begun: Event, keys: Mapping[str, str], first: Event) -> Operator:
    return Operator(
        str(begun["run"]),
        str(begun["time"]),
        str(begun.get("mode", "")),
        operator_of(begun) or OLDER,
        str(begun.get("host") or OLDER),
        keys[str(begun["run"])],
        str(begun.get("runbook") or UNKNOWN)[:SHOWN],
        begun.get("runbook") != first.get("runbook"),
    )


def _logins(begun: Sequence[Event], events: Sequence[Event]) -> list[NodeLogin]:
    """A line a node and key; runs that logged in alike are together."""
    found: dict[NodeLogin, list[str]] = {}
    seen = [event for event in events if event["event"] == "login"]
    sockets = [event for event in events if event["event"] == "socket-reached"]
    for run in begun:
        mine = [event for event in seen if event["run"] == run["run"]]
        relayed = _relayed(event for event in sockets if event["run"] == run["run"])
        reached: Mapping[str, Mapping[str, Any]] = run.get("reached") or {}
        for node in run.get("nodes", {}):
            way = reached.get(node, {})
            # who records logins records the user of each node, too
            without = _not_in(node, way) if "user" in way else _not_recorded(node, way)
            for one in [_seen(e, way) for e in mine if e["node"] == node] or [without]:
                told = replace(one, way=one.way + relayed.get(node, ""))
                found.setdefault(told, []).append(str(run["run"]))
    return [replace(one, runs=tuple(dict.fromkeys(runs))) for one, runs in found.items()]


def _relayed(sockets: Iterable[Event]) -> dict[str, str]:
    """Of each node whose sockets ssh did not forward, how they were reached."""
    relays = (event for event in sockets if event["by"] == "relay")
    return {
        str(event["node"]): f"; sockets by a relay in {event['program']}"
        + (", by sudo -n" if event["become"] else ", as sshd forwards to none")
        for event in relays
    }


def _alike(logins: Iterable[NodeLogin]) -> list[SameLogin]:
    same = grouped(((one.user, one.root, one.key, one.key_from), one.node) for one in logins)
    return [SameLogin(tuple(dict.fromkeys(nodes)), *what) for what, nodes in same.items()]


def _seen(login: Event, way: Mapping[str, Any]) -> NodeLogin:
    key, key_from = str(login["key"]), str(login["key_name"])
    if key and login["from_agent"]:
        key_from = f"the agent's {key_from}"
    elif not key and login["method"]:
        key = f"no key: by {login['method']}"
    elif not key:
        key, key_from = "not told by this ssh client (older than OpenSSH 8.5)", _named(way)
    host_key = str(login["host_key"]) or "not told"
    node, user = str(login["node"]), str(login["user"])
    return NodeLogin(node, user, _root(login), _way(way), key, key_from, host_key)


def _not_in(node: str, way: Mapping[str, Any]) -> NodeLogin:
    user, key = str(way["user"]), "no login was made"
    return NodeLogin(node, user, _root(way), _way(way), key, _named(way), "")


def _not_recorded(node: str, way: Mapping[str, Any]) -> NodeLogin:
    return NodeLogin(node, OLDER, OLDER, _way(way), OLDER, "", OLDER)


def _root(said: Mapping[str, Any]) -> str:
    if said["become"]:
        return "as root, by sudo -n"
    return "as root" if said["user"] == "root" else "as this user, not as root"


def _named(way: Mapping[str, Any]) -> str:
    return f"the inventory names {way['key_file']}" if way.get("key_file") else ""


def _way(way: Mapping[str, Any]) -> str:
    if not way.get("address"):
        return OLDER
    said = f"{way['address']} port {way.get('port', 22)}"
    return f"{said}, {' '.join(way['by'])}" if way.get("by") else said


def _decisions(begun: Sequence[Event], events: Sequence[Event]) -> list[Decision]:
    first: Mapping[str, Any] = begun[0] if begun else {}
    found = []
    if first.get("release_notes_read"):
        by, _, when = str(first["release_notes_read"]).partition(",")
        about = "release notes and breaking changes"
        found.append(Decision("read", about, by.strip(), "", when.strip(), where="approvals"))
    for one in approvals_of(events):
        by = f"{one['name']} ({one['by']}), key {one['key']}"
        about, until = "the plan", str(one["until"])
        found.append(Decision("approved", about, by, "", str(one["given"]), until, "approvals"))
    found += _accepted(events)
    found += [
        Decision(
            f"settled as {event['word']}",
            str(event["step"]),
            str(event["by"]),
            str(event["reason"]),
            str(event["time"]),
            where="approvals",
        )
        for event in events
        if event["event"] == "settled"
    ]
    return found


def _accepted(events: Sequence[Event]) -> list[Decision]:
    """Each word once, whether a step put it on record or only findings carry it."""
    given = [event for event in events if event["event"] == "accepted"]
    on_record = {_word(event, event) for event in given}
    carried = [
        event
        for event in events
        if event["event"] == "finding"
        and event["accepted"]
        and _word(event, event["accepted"]) not in on_record
    ]
    found: dict[tuple[str, ...], Decision] = {}
    for event in (*given, *carried):
        told: Mapping[str, Any] = event.get("accepted") or event
        about = " ".join(filter(None, (event["code"], event.get("subject") or "")))
        code, by, why = _word(event, told)
        since, until = str(told.get("given") or event["time"]), str(told.get("until") or "")
        decision = Decision("accepted", about, by, why, since, until, "findings")
        found.setdefault((code, about, by, why), decision)
    return list(found.values())


def _word(event: Event, told: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(event["code"]), str(told["by"]), str(told["reason"])
