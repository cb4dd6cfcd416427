"""What real agents make of a size that dmidecode prints: the table of docs/agents-memory.md.

    .venv/bin/python -m tests.integration.agents_memory

It prints the table. Needs no cluster: the agents print their inventories instead of sending them.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rehearsal import host, image, podman
from rehearsal.to_4_26 import STEP
from rehearsal.to_4_26.machines import AGENTS, EMPTY, memory

SIZES = ("8 GB", "8192 MB", "32 GB", "1 TB", "512 kB", "Unknown", EMPTY)
KINDS = {
    "ocsinventory": "`ocsinventory-agent` 2.10.0",
    "fusioninventory": "`fusioninventory-agent` 2.6",
    "ocsinventory-2.1": "`ocsinventory-agent` 2.1 (stand-in)",
}
NO_DMIDECODE = "no dmidecode on the machine"
LEFT_OUT, NO_SECTION = "left out", "no rows of memory"
_SECONDS = 300.0


@contextmanager
def container() -> Iterator[tuple[str, Path]]:
    """A container of the agents' image without a network, and the directory of its machines."""
    host.prepare()
    reference = image.ensure_agents(STEP, AGENTS, print)
    name = f"rehearsal-memory-{secrets.token_hex(4)}"
    directory = Path(tempfile.mkdtemp(prefix="agents-"))
    volumes = (f"{directory}:/machines", f"{STEP.folder / 'agents'}:/agents:ro")
    try:
        podman.start_beside(name, cluster=name, image=reference, network="none", volumes=volumes)
        yield name, directory
    finally:
        podman.remove_containers([name])
        shutil.rmtree(directory)


def sent(name: str, machines: Path, kind: str, table: str | None) -> list[str]:
    """CAPACITY of each memory row that this agent would send, `LEFT_OUT` where it has none."""
    place = machines / f"pc{len(list(machines.iterdir()))}"
    place.mkdir()
    (place / "agent").write_text(kind)
    if table is not None:
        (place / "memory").write_text(table)
    words = ["/agents/report", place.name, "192.0.2.1", "print"]
    answer = podman.execute(name, words, timeout=_SECONDS).stdout
    content = ET.fromstring(answer[answer.index("<REQUEST>") :])
    return [row.findtext("CAPACITY", LEFT_OUT) for row in content.iter("MEMORIES")]


def table() -> list[tuple[str, ...]]:
    """Rows of the page: what dmidecode prints, and what each agent makes of it."""
    with container() as (name, machines):
        columns = []
        for kind in KINDS:
            rows = sent(name, machines, kind, memory("pc", SIZES))
            bare = sent(name, machines, kind, None)
            columns.append([*rows, *(bare or [NO_SECTION])])
    return list(zip((*SIZES, NO_DMIDECODE), *columns, strict=True))


def markdown(rows: list[tuple[str, ...]]) -> str:
    """The table as the page has it."""
    lines = [("`Size:` of dmidecode", *KINDS.values()), ("---",) * (len(KINDS) + 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    print(markdown(table()), end="")
