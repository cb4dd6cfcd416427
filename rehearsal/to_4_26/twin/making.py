"""The snapshot's `step` -> the scenario of a twin: modules, passwords, files of httpd, SQL."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rehearsal import scenario
from rehearsal.inside.database import quoted
from rehearsal.like.fields import Fields, SnapshotError
from rehearsal.like.twin import Twin
from rehearsal.scenario import NodeStep
from rehearsal.to_4_26.scenario import NodeFile, Scenario
from rehearsal.to_4_26.services import ASSET
from rehearsal.to_4_26.twin import glpi, httpd
from rehearsal.to_4_26.twin import memories as tables
from rehearsal.topology import Role

_PERL = """
[ -e /usr/local/share/perl5 ] || ln -s /usr/share/perl5 /usr/local/share/perl5
for path in "$@"; do
  [ -e "$path" ] || { mkdir -p "${path%/*}"; echo '1;' > "$path"; }
done
"""
"""Where a RHEL has modules of Perl, and what httpd would miss at its start."""
_MODULE = 'mkdir -p "${1%/*}"; echo "$2" > "$1"'
_OWN_INSTEAD = ", of which the snapshot tells nothing: there is what every rehearsal has"


@dataclass(frozen=True)
class Part:
    """All that the snapshot tells of this step."""

    modules: Mapping[str, bool]
    files: tuple[httpd.ConfFile, ...]
    credentials: tuple[httpd.Credential, ...]
    memories: tables.Memories
    servers: tuple[glpi.Server, ...]
    plugin: glpi.Plugin | None
    is_quoted: bool | None
    """Whether the package's own file has the password in quotes."""

    @property
    def has_asset(self) -> bool:
        """Whether OCS Inventory and GLPI are installed."""
        return self.modules.get(ASSET, True)


def twin(start: scenario.Scenario, twin: Twin, seed: int) -> scenario.Scenario:
    """The whole scenario; raises SnapshotError."""
    assert isinstance(start, Scenario)
    part = _part(twin)
    missing = (*start.missing, *_missing(part))
    if not part.has_asset:
        return dataclasses.replace(start, without=(ASSET,), missing=missing)
    return dataclasses.replace(
        start,
        settings=_settings(part, seed),
        sql=tuple(_sql(part, twin)),
        httpd_files=_files(part, seed),
        before_start=(*_perl(part), *start.before_start),
        missing=missing,
    )


def _part(twin: Twin) -> Part:
    one = Fields(twin.snapshot.step, "step")
    memories = one.object("memories")
    plugin = one.object("glpi_plugin")
    found = Part(
        modules=one.object("modules").as_truths(),
        files=one.objects("httpd_files", httpd.conf_file),
        credentials=one.objects("credentials", httpd.credential),
        memories=tables.memories(memories),
        servers=one.objects("glpi_servers", glpi.server),
        plugin=glpi.plugin(plugin) if one.has("glpi_plugin") else None,
        is_quoted=httpd.is_quoted(_defaults(one)),
    )
    for read in (memories, plugin, one):
        read.done()
    nodes = {node.name for node in twin.snapshot.nodes if node.role is Role.OPERATIVE}
    stranger = next((file.node for file in found.files if file.node not in nodes), None)
    if stranger is not None:
        raise SnapshotError(f"step.httpd_files has one of {stranger}, which is no operative node")
    return found


def _defaults(one: Fields) -> Iterator[str]:
    for content in one.items("httpd_files"):
        if content.get("default"):
            yield content["default"]


def _settings(part: Part, seed: int) -> dict[str, object]:
    found: dict[str, object] = {}
    own = httpd.of_database(part.credentials, seed)
    if own is not None:
        found["passwords"] = {httpd.USER: own}
    if part.is_quoted is not None:
        found["source_password_quoted"] = part.is_quoted
    return found


def _files(part: Part, seed: int) -> tuple[NodeFile, ...]:
    """A file without a password of its own that is told has one that the database does not take."""
    passwords = httpd.drawn(part.credentials, seed)
    unknown = "".join(random.Random(f"{seed} unknown").choices("abcdefgh", k=12))
    return tuple(
        NodeFile(
            int(file.node.partition("-")[2]),
            file.path,
            httpd.text_for_httpd(file, passwords.get((file.node, file.path), unknown)),
            file.mode,
        )
        for file in part.files
    )


def _perl(part: Part) -> tuple[NodeStep, ...]:
    paths = httpd.files_of_perl(part.files)
    modules = httpd.modules_of_perl(part.files)
    return (
        NodeStep(Role.OPERATIVE, ("sh", "-euc", _PERL, "perl", *paths)),
        *(
            NodeStep(Role.OPERATIVE, ("sh", "-euc", _MODULE, "module", path, text))
            for path, text in modules.items()
        ),
    )


def _sql(part: Part, twin: Twin) -> Iterator[str]:
    yield from tables.statements(part.memories, twin.rows)
    if part.servers or part.plugin:
        yield from glpi.statements(part.servers)
    if part.plugin:
        version = part.plugin.version
        known = f", version = {quoted(version)}" if version else ""
        yield (
            f"UPDATE glpi.glpi_plugins SET state = {part.plugin.state}{known}"
            " WHERE directory = 'ocsinventoryng'"
        )


def _missing(part: Part) -> Iterator[str]:
    others = [name for name, is_there in part.modules.items() if is_there and name != ASSET]
    if others:
        yield f"what the modules {', '.join(sorted(others))} do"
    if not part.has_asset:
        return
    if not part.memories.is_told:
        yield f"the rows of ocsweb{_OWN_INSTEAD}"
    if not part.servers and part.plugin is None:
        yield f"GLPI's OCS servers{_OWN_INSTEAD}"
    if not part.files:
        yield f"OCS's files of httpd{_OWN_INSTEAD}"
    if httpd.changed(part.files):
        yield "directives of OCS's files that httpd does not have of itself"
