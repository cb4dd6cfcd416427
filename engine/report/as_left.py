"""How the cluster was left, or seen last, in the words of the headline. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from engine.judge.text import listed, many
from engine.record.gaps import in_words, not_seen
from engine.record.intervals import FENCING
from engine.record.memory import Memory
from engine.record.position import is_proved
from engine.report.change import closing_of
from engine.report.ended import Told
from engine.report.observed import OFF, ON
from engine.report.outages import Address, away_of
from engine.report.window import INSIDE, window_sentence
from engine.report.words import clock_in_words, named


def state_of(told: Told) -> str:
    """Versions, window, fencing, standby, services; what was seen before the end, since when."""
    seen, summary = told.seen, told.summary
    if not seen.versions and summary["outcome"] in ("usage", "locked"):
        return ""  # it ended before anybody was asked
    window = _window(told)
    said = [_versions(told), *([window] if seen.is_current else []), *_cluster(told)]
    if seen.is_current or seen.at is None:
        return ", ".join(filter(None, said))
    return f"last seen at {clock_in_words(seen.at)}: {', '.join(filter(None, [*said, window]))}"


def gaps_of(told: Told) -> str:
    """How long services did not answer, in all their gaps; the longest first.

    Services that went away together, as they are asked at one address, count once.
    """
    measured = [one for one in told.summary["service_gaps"]["totals"] if one["way"]]
    if not measured:
        has_changed = any(event["event"] == "intent" for event in told.change)
        wanted = told.is_good and told.mode == "execute" and has_changed
        return "gaps of services not measured" if wanted else ""
    gone = [one for one in away_of(told.summary["service_gaps"]) if one.seconds]
    if not gone:
        some = _not_seen(max(map(not_seen, measured)))
        return f"no gap of a service{f' seen{some}' if some else ''}"
    gone.sort(key=lambda one: one.seconds, reverse=True)
    return listed([_away(one) for one in gone], 3)


def _away(one: Address) -> str:
    together = ", at one address," if one.is_shared else ""
    least = "at least " if one.is_at_least else ""
    return f"{one.name}{together} {least}{_length(one.seconds)} away{_not_seen(one.not_seen)}"


def _not_seen(seconds: float) -> str:
    return f" ({_length(seconds)} not seen)" if seconds else ""


def _length(seconds: float) -> str:
    """As the table of the gaps has it, in whole seconds; never none."""
    return in_words(max(1, round(seconds)))


def _window(told: Told) -> str:
    if told.mode not in ("execute", "restore") or told.is_late:
        return ""
    said = window_sentence(told.change)
    return f"{said} so far" if said == INSIDE and closing_of(told.change) is None else said


def _versions(told: Told) -> str:
    versions, target = told.seen.versions, str(told.summary["target"])
    if not versions:
        return "no node's version is on record"
    nodes = set(versions) | set((told.own[0].get("nodes") or {}) if told.own else {})
    found = list(versions.values())
    counts = {one: found.count(one) for one in dict.fromkeys([target, *sorted(found)])}
    (first, number), *rest = [(one, count) for one, count in counts.items() if count]
    said = f"{first} on {number} of {many(len(nodes), 'node')}"
    said += "".join(f", {version} on {count}" for version, count in rest)
    if silent := sorted(nodes - set(versions)):
        said += f", not seen on {named(silent)}"
    if number == len(nodes) and told.is_at_target and not _proved(told):
        said += " by the release files, the packages not proved"
    return said


def _proved(told: Told) -> bool:
    """A run has seen every package at its version after the last round."""
    memory = Memory.fold(told.events)
    rounds = memory.detached("upgrade")
    # who only looks may have no journal of the rounds
    return not rounds or is_proved(memory, str(rounds[-1].intent["detached"]))


def _cluster(told: Told) -> Iterator[str]:
    seen = told.seen
    # a plan does not look at fencing by itself
    if seen.fencing or (seen.versions and told.mode != "plan"):
        yield _fencing(told)
    if seen.in_standby:
        yield f"{named(seen.in_standby)} in standby"
    if seen.away:
        yield f"{named(seen.away)} not online"
    yield _services(told)
    if told.summary["not_known"]:
        yield "not known what still runs there"


def _fencing(told: Told) -> str:
    seen = told.seen
    taken = any(entry["kind"] == FENCING for entry in told.summary["ledger"])
    # a command that switches it off was begun after the last look
    if not seen.fencing or (taken and seen.fencing == ON and not seen.is_current):
        return "not known whether fencing is on"
    if seen.fencing == OFF == seen.fencing_before:
        return "fencing off as before"
    was = ", though it was off before" if (seen.fencing, seen.fencing_before) == (ON, OFF) else ""
    return f"fencing {seen.fencing}{was}"


def _services(told: Told) -> str:
    seen = told.seen
    if not seen.resources:
        return ""
    if seen.not_running:
        number = f"{len(seen.not_running)} of {many(seen.resources, 'resource')}"
        return f"{number} not running ({named(seen.not_running)})"
    # only a run that came to its end has judged the whole of what is normal
    whole = told.is_good and told.mode == "execute" and seen.is_current and seen.is_sound
    return "services normal" if whole else "services running"
