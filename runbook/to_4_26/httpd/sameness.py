"""The migrated files of the nodes that do not run httpd now, compared with those of N.

Only on N can httpd itself test and use them. Each node may have edits of its own, so a
difference is no mistake, and a person is to look at it; a file that does not take the password
from the variable is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.ask.look import Look
from engine.model.finding import Finding
from engine.secrets import Secret
from runbook.to_4_26 import files
from runbook.to_4_26.httpd.conf_tree import Key, identity, shown
from runbook.to_4_26.httpd.httpd_conf import ConfFile, Item, parse_conf
from runbook.to_4_26.httpd.passwords import is_passed_in_time, read_password
from runbook.to_4_26.names import CONF_FILES

_SHOWN = 3
"""Settings that a finding names: the list is with the step."""


def compared_with_n(look: Look, variable: str) -> tuple[list[Finding], dict[str, list[str]]]:
    """Findings, and for `node:path` of every other operative node what differs from N's.

    Raises Unanswered when a node does not answer.
    """
    findings: list[Finding] = []
    differences: dict[str, list[str]] = {}
    ours = _read(look, look.names.active)
    for path, conf in ours.items():
        findings += _unfit(look.names.active, path, conf, variable)
    for node in (name for name in look.names.operative if name != look.names.active):
        for path, conf in _read(look, node).items():
            found = _unfit(node, path, conf, variable)
            findings += found
            base = ours[path]
            if conf is not None and base is not None and not found:
                differences[f"{node}:{path}"] = list(_differences(base, conf))
    return findings, differences


def not_as_on_n(active: str, differences: Mapping[str, Sequence[str]]) -> list[Finding]:
    """What `compared_with_n` tells of the files, for a person: each that has other settings."""
    return [
        Finding(
            code="ocs-settings-differ",
            subject=place,
            observed=f"not as on {active}: {_counted(lines)}",
            expected=f"the settings of {active}, but for those that this node has on purpose",
            remedy="When httpd runs on this node it works by this file. Go through the list that"
            " the report has with verification.ocs_files: what is meant stays as it is, make the"
            f" rest as on {active}.",
            guide=("G13",),
        )
        for place, lines in differences.items()
        if lines
    ]


def _counted(lines: Sequence[str]) -> str:
    number = f"{len(lines)} setting{'' if len(lines) == 1 else 's'}"
    more = f"; and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return f"{number}: {'; '.join(' '.join(line.split()) for line in lines[:_SHOWN])}{more}"


def _read(look: Look, node: str) -> dict[str, ConfFile | None]:
    texts: dict[str, Secret | None] = {
        path: look.ask(node, files.secret_text(path)) for path in CONF_FILES
    }
    return {path: parse_conf(text.reveal()) if text else None for path, text in texts.items()}


def _unfit(node: str, path: str, conf: ConfFile | None, variable: str) -> list[Finding]:
    if conf is None:
        problem = "the file is not there"
    elif conf.problems:
        problem = "; ".join(conf.problems)
    else:
        password = read_password(conf, path)
        problem = password.problem
        if not problem and password.variable != variable:
            problem = f"it refers to {password.variable}" if password.variable else "a literal"
        elif not problem and not is_passed_in_time(conf, variable):
            problem = "the variable is passed to mod_perl only after the block that reads it"
    if not problem:
        return []
    return [
        Finding(
            code="ocs-file-unfit",
            subject=f"{node}:{path}",
            observed=f"as the password of the database: {problem}",
            expected=f"a file that takes it from {variable}, on every node that can run httpd",
            remedy="Merge this file as the guide says; the report has the way it was merged on the"
            " other nodes. Then run again.",
            guide=("G13", "G14"),
        )
    ]


def _differences(base: ConfFile, other: ConfFile) -> Iterator[str]:
    mine, theirs = _by_place(base), _by_place(other)
    for key in [*mine, *(key for key in theirs if key not in mine)]:
        here = [shown(item) for item in theirs.get(key, ())]
        there = [shown(item) for item in mine.get(key, ())]
        if [i.values for i in theirs.get(key, ())] != [i.values for i in mine.get(key, ())]:
            place = " ".join(part.rpartition("#")[0] for part in key[0])
            yield f"{' | '.join(here) or 'not set'} (N: {' | '.join(there) or 'not set'})" + (
                f", in <{place}>" if place else ""
            )


def _by_place(conf: ConfFile) -> dict[tuple[Key, Key], list[Item]]:
    found: dict[tuple[Key, Key], list[Item]] = {}
    for item in conf.settings():
        found.setdefault((item.section, identity(item)), []).append(item)
    return found
