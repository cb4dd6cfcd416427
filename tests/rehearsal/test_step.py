"""A version step is one folder: the rest names no version, and another step takes its place."""

import dataclasses
import json
import re
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from rehearsal import base_image, bases, cluster, host, image, known, nodes, state, step, topology
from rehearsal.errors import UsageError
from rehearsal.keys import Secrets, SshKey
from rehearsal.packages import build
from rehearsal.packages.catalog import RELEASE_SETS, in_release, packages_for
from rehearsal.render.inventory import inventory
from rehearsal.standins.settings import CHOICES, PASSWORDS
from rehearsal.topology import DEFAULT_COUNTS

REHEARSAL = Path(step.__file__).resolve().parent
OWN = REHEARSAL / "to_4_26"
WORDS = re.compile(r"(?<![a-z])ocs|glpi|memories|\b4\.2[56]\b", re.I)
NEXT = "tests.next_step.rehearsal"
NETWORK = IPv4Network("10.125.40.0/24")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(state, "ROOT", tmp_path / "state")
    monkeypatch.setattr(state, "_LOCKS", tmp_path / "lock")
    return tmp_path


def files_outside_the_step() -> list[Path]:
    return [
        path
        for path in sorted(REHEARSAL.rglob("*"))
        if path.is_file() and not path.is_relative_to(OWN) and "__pycache__" not in path.parts
    ]


def test_outside_the_step_nothing_names_its_versions_or_modules() -> None:
    assert len(files_outside_the_step()) > 80
    found = {
        f"{path.relative_to(REHEARSAL)}:{number}: {line.strip()}"
        for path in files_outside_the_step()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if WORDS.search(line)
    }
    assert sorted(found) == []


def test_the_words_are_found_where_they_are_and_not_in_others() -> None:
    for text in ("OCS_DB", "the ocsserver", "_ocs", "GLPI's", "memories.x", "at 4.25-base"):
        assert WORDS.search(text), text
    assert not WORDS.search("docs.count, process, 14.25.1")


def test_only_the_default_step_is_named_and_only_once() -> None:
    sources = [path for path in files_outside_the_step() if path.suffix == ".py"]
    naming = [path.name for path in sources if '"rehearsal.to_4_26"' in path.read_text()]
    importing = [path.name for path in sources if re.search(r"import.*to_4_26", path.read_text())]
    assert (naming, importing) == (["step.py"], [])


@pytest.mark.parametrize("package", [step.DEFAULT, NEXT])
def test_a_step_has_what_the_rest_asks_of_it(package: str) -> None:
    found = step.load(package)
    assert found.package == package
    assert (found.folder / "image/rootfs/usr/share/neteye/rehearsal/neteye_step").is_dir()
    assert found.scenario().release == found.source
    assert f"neteye-{found.scenario().installed}" in found.repositories
    for role in ("operative", "elastic_only", "voting_only"):
        assert {"neteye", "neteye-setup"} <= set(packages_for(found.packages, role))
    for release in RELEASE_SETS:
        assert {"neteye"} <= {package.name for package in in_release(found.packages, release)}


def test_settings_have_the_step_s_words_and_releases() -> None:
    ours, others = step.load().draw(3), step.load(NEXT).draw(3)
    assert (others["source"], others["target"]) == ("4.26", "4.27")
    assert set(others["passwords"]) == set(PASSWORDS)
    assert set(CHOICES) <= set(others)
    assert set(ours) - set(others) >= {"credentials_variable", "capacity_conversion"}


def test_the_other_step_s_setup_writes_its_own_release() -> None:
    found = step.load(NEXT)
    setup = next(package for package in found.packages if package.name == "neteye-setup")
    settings = found.draw(1, {"settings": {"release_file": "packages"}})
    for release, version in (("base", "4.26"), ("target", "4.27")):
        post = build.contents(found, setup, release, settings).post
        assert f"NetEye release {version}" in post


def test_nodes_of_the_other_step_know_nothing_of_the_asset_module(tmp_path: Path) -> None:
    found = step.load(NEXT)
    shape = topology.build("other", services=found.services)
    for name in ("pcsd.crt", "pcsd.key", "icinga-ca.crt"):
        (tmp_path / name).write_bytes(b"x")
    for name in ("qnetd", "qdevice"):
        (tmp_path / name).mkdir()
    key = SshKey("PRIVATE", "ssh-ed25519 PUBLIC")
    plan = nodes.Plan(
        found, bases.DEFAULT, shape, found.scenario(), found.draw(1), Secrets(b"c", b"p", "token"),
        key, key, {node.name: key for node in shape.nodes}, tmp_path,
    )  # fmt: skip
    for node in shape.nodes:
        written = b"".join(file.content for file in nodes.files(plan, node).values())
        commands = json.dumps(nodes.steps(plan, node))
        assert not WORDS.search(re.sub(r"4\.26", "", commands + written.decode("utf-8", "ignore")))
    assert (
        "DNF0=4.26\n"
        in nodes.files(plan, shape.nodes[0])["/etc/profile.d/neteye-DNF.sh"].content.decode()
    )
    assert "failover" not in inventory(shape, tmp_path, found.inventory)


def test_images_of_two_steps_stand_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    there: set[str] = set()
    monkeypatch.setattr(host, "install_builders", lambda: None)
    monkeypatch.setattr(base_image, "can_bootstrap", lambda: True)
    monkeypatch.setattr(image, "_build_base", lambda *words: there.add(words[-1]))
    monkeypatch.setattr(image, "_build_image", lambda *words: there.add(words[-1]))
    monkeypatch.setattr(image, "_ours", lambda *_: [*there, "localhost/neteye-rehearsal:old"])
    removed: list[list[str]] = []
    monkeypatch.setattr(image, "_remove_unused", removed.append)

    ours, others = step.load(), step.load(NEXT)
    first = image._ensure(ours, lambda _: None)
    second = image._ensure(others, lambda _: None)

    assert first != second
    assert len(there) == 4
    assert not {first, *(name for name in there if step.DEFAULT in name)} & set(removed[1])
    assert "localhost/neteye-rehearsal:old" in removed[1]
    assert image._ensure(ours, lambda _: pytest.fail("built again")) == first


def test_the_build_gets_the_step_s_files_and_links_as_files(tmp_path: Path) -> None:
    image._copy_inputs(step.load(), tmp_path)
    copied = tmp_path / "step/rootfs/usr/lib/neteye-rehearsal/ocs_conf.py"
    assert copied.read_text() == (OWN / "ocs_conf.py").read_text()
    assert not copied.is_symlink()
    assert (tmp_path / "step/database/fill.sh").stat().st_mode & 0o100


def test_a_step_without_a_database_has_an_empty_place_for_it(tmp_path: Path) -> None:
    image._copy_inputs(step.load(NEXT), tmp_path)
    assert list((tmp_path / "step/database").iterdir()) == []


@pytest.mark.parametrize(
    ("package", "message"),
    [
        ("tests.nowhere", "no such package"),
        ("rehearsal.to_9_99", "no such package"),
        ("rehearsal.host", "it has no STEP"),
        ("../to_4_26", "not the name of a package"),
        ("", "not the name of a package"),
    ],
)
def test_a_step_that_is_none_is_refused_before_anything_is_done(
    package: str, message: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "prepare", lambda: pytest.fail("the machine was prepared"))
    with pytest.raises(UsageError, match=message):
        cluster.up("x", step=package)


def test_a_broken_import_inside_a_step_is_no_missing_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_step").mkdir()
    (tmp_path / "broken_step/__init__.py").write_text("import not_there_at_all\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="not_there_at_all"):
        step.load("broken_step")


def test_a_cluster_keeps_its_step(root: Path) -> None:
    place = state.State("x")
    place.start_anew()
    asked = state.Asked("x", "guide", 4, DEFAULT_COUNTS, NETWORK)
    place.write(dataclasses.replace(asked, package=NEXT), "image:1")
    assert known.step_of("x").package == NEXT
    assert known.step_of("y").package == step.DEFAULT
    assert [service.name for service in known.topology("x").services][2:] == [
        "nats-server",
        "icinga2-master",
    ]


def test_a_record_from_before_has_the_default_step(root: Path) -> None:
    content = state.Asked("x", "guide", 4, DEFAULT_COUNTS, NETWORK).as_json()
    del content["step"]
    assert state.Asked.from_json(content).package == step.DEFAULT
