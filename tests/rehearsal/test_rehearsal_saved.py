"""Saved states: labels, what has to be reached again, where resources run after a load."""

import fcntl
import json
import subprocess
import xml.etree.ElementTree as ET
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from rehearsal import saved, state
from rehearsal.errors import RehearsalError, UsageError
from rehearsal.image import HERE
from rehearsal.reached import Reached, reached

BOOT = HERE / "image/rootfs/usr/lib/neteye-rehearsal/boot.py"
COUNTERS = HERE / "image/rootfs/usr/local/sbin"
CRM_MON = """<pacemaker-result><nodes>
<node name="n1" standby="false"/><node name="n2" standby="true"/></nodes><resources>
<resource id="fence_n1" resource_agent="stonith:f" role="Stopped" failed="false"/>
<resource id="fence_n2" resource_agent="stonith:f" role="Started" failed="false">
<node name="n1"/></resource>
<resource id="ip" resource_agent="ocf:x:IPaddr2" role="Started" failed="false"><node name="n1"/>
</resource>
<group id="g"><resource id="db" resource_agent="systemd:m" role="Started" failed="false">
<node name="n1"/></resource></group>
</resources></pacemaker-result>"""


def test_what_was_reached_is_standby_and_where_all_runs() -> None:
    seen = reached(CRM_MON)
    assert seen.standby == ("n2",)
    assert seen.running == {"fence_n1": "", "fence_n2": "anywhere", "ip": "n1", "db": "n1"}
    assert seen.homes == {"ip": "n1", "g": "n1"}
    assert Reached.from_json(json.loads(json.dumps(seen.as_json()))) == seen


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('name="n2" standby="true"', 'name="n2" standby="false"', "in standby ['n2']"),
        ('"systemd:m" role="Started"', '"systemd:m" role="Starting"', "resource db on n1"),
        (
            '"systemd:m" role="Started" failed="false"',
            '"systemd:m" role="Started" failed="false" pending="Monitoring"',
            "resource db on n1",
        ),
        ('role="Started" failed="false">\n<node name="n1"/></resource></group>',
         'role="Started" failed="false">\n<node name="n2"/></resource></group>',
         "resource db on n1, it is 'n2'"),
    ],
)  # fmt: skip
def test_what_is_not_reached_again_is_named(old: str, new: str, complaint: str) -> None:
    assert old in CRM_MON
    wanted = reached(CRM_MON)
    assert wanted.lacks(wanted) is None
    assert complaint in str(reached(CRM_MON.replace(old, new)).lacks(wanted))


def test_a_fence_device_may_run_anywhere() -> None:
    moved = CRM_MON.replace(
        'failed="false">\n<node name="n1"/></resource>\n<resource id="ip"',
        'failed="false">\n<node name="n2"/></resource>\n<resource id="ip"',
    )
    assert moved != CRM_MON
    assert reached(moved).lacks(reached(CRM_MON)) is None


@pytest.mark.parametrize("label", ["", "A", "a.b", "a/b", "1a", "a" * 31])
def test_a_label_that_can_not_be_is_refused(label: str) -> None:
    with pytest.raises(UsageError, match="label"):
        saved.check_label(label)


def test_only_complete_states_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "ROOT", tmp_path)
    place = state.State("x")
    (place.saved / "half").mkdir(parents=True)
    (place.saved / "whole").mkdir()
    text = json.dumps(reached(CRM_MON).as_json())
    (place.saved / "whole" / "reached.json").write_text(text)
    assert saved.labels(state.State("x")) == ["whole"]
    assert saved.read(place, "whole") == reached(CRM_MON)
    with pytest.raises(RehearsalError, match="there are: whole"):
        saved.read(place, "half")


@pytest.fixture
def boot(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    loader = SourceFileLoader("boot", str(BOOT))
    spec = spec_from_loader("boot", loader)
    assert spec is not None
    module = module_from_spec(spec)
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    loader.exec_module(module)
    return module


def test_a_loaded_cluster_starts_with_passing_constraints(boot: ModuleType, tmp_path: Path) -> None:
    cib = tmp_path / "cib.xml"
    cib.write_text("<cib><configuration><constraints/></configuration></cib>")
    cib.chmod(0o600)
    (tmp_path / "cib.xml.sig").write_text("of what was there before")
    boot.place({f"{saved.CONSTRAINT}g": ["g", "n1"]}, cib)
    found = ET.parse(cib).findall(".//rsc_location")
    wanted = {"id": "rehearsal-loaded-g", "rsc": "g", "node": "n1", "score": "INFINITY"}
    assert [entry.attrib for entry in found] == [wanted]
    assert not (tmp_path / "cib.xml.sig").exists()
    assert cib.stat().st_mode & 0o777 == 0o600


def test_systemd_gets_the_words_of_the_base(
    boot: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "boot.json").write_text('{"node": "n1", "init": ["A=1"]}')
    (tmp_path / "booted").touch()
    monkeypatch.setattr(boot, "SOURCE", tmp_path)
    monkeypatch.setattr(boot, "DONE", tmp_path / "booted")
    started: list[object] = []
    monkeypatch.setattr("os.execv", lambda *words: started.append(words))
    boot.main()
    assert started == [("/sbin/init", ["/sbin/init", "A=1"])]


@pytest.mark.parametrize(
    ("program", "words", "counted"),
    [
        ("pcs", ["status", "--full"], False),
        ("pcs", ["property"], False),
        ("pcs", ["property", "set", "stonith-enabled=true"], True),
        ("pcs", ["node", "unstandby", "--all", "--wait=300"], True),
        ("pcs", ["resource", "restart", "httpd"], True),
        ("mysql", ["--batch", "--execute=SELECT 1"], False),
        ("mysql", ["--batch", "--execute=DROP DATABASE IF EXISTS x"], True),
        ("mysql", ["--batch", "--init-command=SET SESSION sql_log_bin = 0", "x"], True),
        ("mysql", ["--batch", "--database=ocsweb", "--execute=SELECT 'logged in'"], False),
        ("mysqldump", ["ocsweb", "memories"], True),
    ],
)
def test_calls_that_change_something_are_counted(
    tmp_path: Path, program: str, words: list[str], counted: bool
) -> None:
    source = (COUNTERS / program).read_text()
    log = tmp_path / "calls"
    for name, place in (("count.sh", "/usr/lib/neteye-rehearsal"), (program, "/usr/s?bin")):
        made = tmp_path / name
        made.write_text(f'#!/bin/sh\necho "{name} $*" >> {log}\n')
        made.chmod(0o755)
        source = source.replace(f"{place.replace('s?', 's')}/{name}", str(made))
        source = source.replace(f"{place.replace('s?', '')}/{name}", str(made))
    subprocess.run(["sh", "-c", source, program, *words], check=True)
    calls = log.read_text().splitlines()
    assert calls[-1] == f"{program} {' '.join(words)}"
    assert len(calls) == (2 if counted else 1)


def test_images_are_listed_and_removed_under_the_lock_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """podman 4.3 ends a listing with 125 while another process removes one of the images."""
    monkeypatch.setattr(state, "_LOCKS", tmp_path)
    reference = saved.image("c", "first", "n1")
    said: list[str] = []

    def podman(*words: str, **_: object) -> subprocess.CompletedProcess[str]:
        with (tmp_path / "neteye-rehearsal.lock").open() as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        said.append(words[0])
        return subprocess.CompletedProcess(words, 0, f"{reference}\nother:d.first.n1\n", "")

    monkeypatch.setattr(saved.podman, "podman", podman)
    saved.remove_images("c")
    assert said == ["images", "rmi"]
