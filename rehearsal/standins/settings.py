"""Everything about the stand-ins that is drawn from the seed.

`draw` gives a JSON-able dictionary; it is written to `/etc/neteye-rehearsal/settings.json` (0600)
of every node, and is what the rpms are built with. Its keys are listed in README.md beside this.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.standins.wordings import MESSAGES, TASKS

DEFAULT_SECONDS_PER_NODE = 0.5
PASSWORD_LENGTH = 20

# Legal in a Perl single-quoted string, in an Apache argument (bare or in double quotes), as a value
# of systemd's EnvironmentFile and in SQL: no quote, backslash, blank or line end. No brace, so that
# no `${NAME}` can arise in the middle.
AWKWARD = "#$%&+=/@!*?~^;:,.|()<>-_"

_LATER = ("icinga2_root", "icinga2_runbook_downtime", "icinga2_runbook_observer")
"""Drawn after everything else: what a seed gave before there were these, it still gives."""
PASSWORDS: tuple[str, ...] = ("hacluster", "mariadb_root", *_LATER)

CHOICES: dict[str, tuple[Any, ...]] = {
    "release_file": ("packages", "finalise"),
    "release_suffix": ("", " (stable)", " Cluster"),
    "package_order": ("active-first", "active-last"),
    "migration_report": ("all", "first"),
    "failure_exit_code": (1, 2),
    "reboot_hint": (True, False),
    "health_warning_after_finalise": (False,),
}
MEANWHILE: dict[str, tuple[str, ...]] = {
    "command": ("update", "upgrade"),
    "task": tuple(TASKS),
    "on": ("active", "other", "elastic_only", "voting_only"),
}
"""What an entry of the setting `meanwhile` says besides its `argv`."""


@dataclass(frozen=True)
class Vocabulary:
    """What a version step adds: names of passwords, choices, ways of going wrong.

    Ways of going wrong are never drawn, a scenario sets them; the first is the right one. `draw`
    gives settings that are no choice from a tuple.
    """

    passwords: tuple[str, ...] = ()
    choices: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    failings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    draw: Callable[[random.Random], Mapping[str, Any]] = lambda _: {}


class SettingsError(ValueError):
    """A scenario sets something that no stand-in knows, or to a value it can't take."""


def draw(
    seed: int, scenario: Mapping[str, Any] | None = None, added: Vocabulary | None = None
) -> dict[str, Any]:
    """All settings of a cluster, the same for the same seed and what a step `added`.

    `scenario` may have `seconds_per_node` (float, >= 0) and `settings` (a dictionary of overrides,
    e.g. `{"release_file": "packages", "reboot_hint": True}`). Raises SettingsError.
    """
    added = added or Vocabulary()
    generator = random.Random(seed)
    drawn: dict[str, Any] = {"seed": seed, "seconds_per_node": DEFAULT_SECONDS_PER_NODE}
    names = (*added.passwords, *(name for name in PASSWORDS if name not in _LATER))
    drawn["passwords"] = {name: draw_password(generator) for name in names}
    drawn |= added.draw(generator)
    choices = {**CHOICES, **added.choices}
    for name, values in choices.items():
        drawn[name] = generator.choice(values)
    drawn["messages"] = {name: generator.choice(texts) for name, texts in MESSAGES.items()}
    drawn["tasks"] = {name: generator.choice(texts) for name, texts in TASKS.items()}
    drawn["passwords"] |= {name: draw_password(generator) for name in _LATER}
    drawn |= {name: ways[0] for name, ways in added.failings.items()}
    drawn["meanwhile"] = []
    return _overridden(drawn, scenario or {}, {**choices, **added.failings})


def draw_password(generator: random.Random) -> str:
    """A password with letters, digits and at least three awkward characters inside it."""
    plain = string.ascii_letters + string.digits
    inner = [generator.choice(plain) for _ in range(PASSWORD_LENGTH - 5)]
    inner += [generator.choice(AWKWARD) for _ in range(3)]
    generator.shuffle(inner)
    # Letters at both ends: a leading `#` or `;` would be a comment for systemd, `<` a section for
    # Apache, and a trailing sign could be taken for punctuation by a person.
    return generator.choice(string.ascii_letters) + "".join(inner) + generator.choice(plain)


def _overridden(
    drawn: dict[str, Any], scenario: Mapping[str, Any], choices: Mapping[str, tuple[Any, ...]]
) -> dict[str, Any]:
    if "seconds_per_node" in scenario:
        drawn["seconds_per_node"] = float(scenario["seconds_per_node"])
    for name, value in scenario.get("settings", {}).items():
        if name not in drawn:
            known = ", ".join(sorted(drawn))
            raise SettingsError(f"scenario sets '{name}', which no stand-in knows; known: {known}")
        allowed = choices.get(name, ())
        if name == "health_warning_after_finalise":
            allowed = (True, False)
        if allowed and value not in allowed:
            raise SettingsError(f"scenario sets '{name}' to {value!r}; allowed: {allowed}")
        merge = isinstance(drawn[name], dict) and isinstance(value, Mapping)
        drawn[name] = {**drawn[name], **value} if merge else value
    for entry in drawn["meanwhile"]:
        _check_meanwhile(entry)
    if drawn["seconds_per_node"] < 0:
        raise SettingsError(f"seconds_per_node is {drawn['seconds_per_node']}, expected >= 0")
    return drawn


def _check_meanwhile(entry: Mapping[str, Any]) -> None:
    if set(entry) != {*MEANWHILE, "argv"}:
        wanted = ", ".join((*MEANWHILE, "argv"))
        raise SettingsError(f"an entry of meanwhile has {sorted(entry)}; expected {wanted}")
    for name, allowed in MEANWHILE.items():
        if entry[name] not in allowed:
            raise SettingsError(f"meanwhile sets '{name}' to {entry[name]!r}; allowed: {allowed}")
