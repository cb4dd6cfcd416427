"""What the nodes run is a value: chosen by `--base`, kept by the cluster, told by it."""

import dataclasses
import json
import subprocess
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from rehearsal import (
    addresses,
    base_image,
    bases,
    cli,
    cluster,
    debootstrap,
    host,
    image,
    known,
    podman,
    state,
    step,
    topology,
    waiting,
)
from rehearsal.errors import UsageError
from rehearsal.render import identity
from rehearsal.topology import DEFAULT_COUNTS

NETWORK = IPv4Network("10.125.40.0/24")
OTHER = bases.Base("sid", "Debian unstable", "9.9.9", "pacemaker-9.9")


def own(base: bases.Base) -> str:
    return f"deb {debootstrap.MIRROR} {base.name} main"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(state, "ROOT", tmp_path / "state")
    monkeypatch.setattr(state, "_LOCKS", tmp_path / "lock")
    monkeypatch.setattr(bases, "BASES", (*bases.BASES, OTHER))
    return tmp_path


def asked(base: bases.Base) -> state.Asked:
    return state.Asked("x", "guide", 4, DEFAULT_COUNTS, NETWORK, base_name=base.name)


def made(base: bases.Base) -> state.State:
    place = state.State("x")
    place.start_anew()
    place.write(asked(base), "image:1")
    return place


def test_each_base_is_found_by_its_name_alone() -> None:
    assert [bases.find(base.name) for base in bases.BASES] == list(bases.BASES)
    assert bases.DEFAULT.name == "bookworm"


def test_an_unknown_base_names_those_there_are(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "prepare", lambda: pytest.fail("the machine was prepared"))
    assert cli.main(["up", "--base", "buster"]) == cli.USAGE_ERROR
    said = capsys.readouterr().err
    assert all(name in said for name in ("'buster'", *(base.name for base in bases.BASES)))
    assert not state.ROOT.exists()


def test_up_hands_the_base_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(cluster, "up", lambda *_, base, **__: seen.append(base))
    for words in ([], ["--base", "bookworm"]):
        assert cli.main(["up", *words]) == 0
    assert seen == [None, "bookworm"]


def test_a_cluster_keeps_its_base(root: Path) -> None:
    made(OTHER)
    assert known.base_of("x") == OTHER
    assert known.base_of("y") == bases.DEFAULT


def test_a_record_from_before_has_the_default_base() -> None:
    content = asked(OTHER).as_json()
    del content["base"]
    assert state.Asked.from_json(content).base == bases.DEFAULT


def test_a_base_that_is_not_known_here_stops_its_own_cluster_alone(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer checkout on the same machine may have more of them."""
    made(dataclasses.replace(OTHER, name="forky"))
    monkeypatch.setattr(addresses.network, "networks", list)
    assert NETWORK in addresses._taken("y")
    with pytest.raises(UsageError, match=r"no base 'forky'; there are: .*bookworm"):
        cluster.up("x")


def test_another_base_under_the_same_name_makes_the_cluster_anew(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its saved states go: their images are of the base from before."""
    place = made(bases.DEFAULT)
    (place.saved / "label").mkdir(parents=True)
    done: list[object] = []
    monkeypatch.setattr(host, "prepare", list)
    monkeypatch.setattr(podman, "containers", lambda _: {})
    monkeypatch.setattr(image, "ensure", lambda _, __, base, *___: f"image:{base.name}")
    monkeypatch.setattr(cluster, "_remove_running", lambda _: None)
    monkeypatch.setattr(cluster, "_make_network", lambda *_: cluster.Network("n", "", NETWORK, "x"))
    monkeypatch.setattr(cluster.saved, "remove_images", done.append)
    monkeypatch.setattr(cluster, "_start", lambda *_: None)

    def make(place: state.State, wanted: state.Asked, reference: str) -> None:
        place.start_anew()
        place.write(wanted, reference)
        done.append(reference)

    monkeypatch.setattr(cluster.making, "make", make)
    assert cluster.up("x", base="sid", say=lambda _: None)
    assert done == ["x", "image:sid"]
    assert not place.saved.exists()
    assert known.base_of("x") == OTHER


def test_status_tells_the_base(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made(OTHER)
    monkeypatch.setattr(waiting, "overview", lambda _: [])
    monkeypatch.setattr(waiting, "pcs_status", lambda _: "")
    assert cli.main(["status", "--name", "x"]) == 0
    assert ", base sid, " in capsys.readouterr().out


def test_the_marker_of_each_node_tells_the_base() -> None:
    shape, scenario = topology.build(), step.load().scenario()
    for node in shape.nodes:
        assert json.loads(identity.marker(shape, node, scenario, OTHER))["base"] == "sid"


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This machine's sources: a mirror of Debian 12, and somebody else's packages."""
    path = tmp_path / "debian.sources"
    path.write_text(
        "URIs: https://x.example/node\nSuites: nodistro\n\n"
        "URIs: http://mirror.example/debian/\nSuites: bookworm bookworm-updates\n\n"
        "URIs: http://mirror.example/debian-security\nSuites: bookworm-security\n"
    )
    monkeypatch.setattr(debootstrap, "SOURCES", (path, tmp_path / "absent"))
    return path


@pytest.mark.parametrize("name", ["bullseye", "trixie"])
def test_a_suite_that_this_machine_has_not_comes_from_its_mirror(name: str, sources: Path) -> None:
    mirror = "deb http://mirror.example/debian"
    assert debootstrap.mirrors(name) == [f"{mirror} {name} main"]
    assert debootstrap.mirrors(bases.DEFAULT.name) == [str(sources)]
    sources.unlink()
    assert debootstrap.mirrors(name) == [own(bases.find(name))]


def test_a_package_of_another_suite_is_asked_for_by_name_alone() -> None:
    """The rest is the base's own, although that suite's packages may be newer."""
    found, trixie = step.load(), bases.find("trixie")
    of_another = [p for p in base_image.package_list(found, trixie) if "/" in p]
    assert of_another == ["ocsinventory-server/bookworm"]
    assert "ocsinventory-server" in base_image.package_list(found)
    assert not base_image.setup_hooks(found, bases.DEFAULT)
    pins = base_image.setup_hooks(found, trixie)[-1]
    assert "Package: *\nPin: release n=bookworm\nPin-Priority: -1\n" in pins


def test_no_base_takes_the_packages_or_cib_of_another() -> None:
    found = step.load()
    assert len({image.image_hash(found, base) for base in bases.BASES}) == len(bases.BASES)
    assert len({(base.feature_set, base.schema) for base in bases.BASES}) == len(bases.BASES)


def test_images_of_two_bases_stand_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    there: set[str] = set()
    from_before = "localhost/neteye-rehearsal/rehearsal.to_4_26:3cb7ef595f4e"
    monkeypatch.setattr(host, "install_builders", lambda: None)
    monkeypatch.setattr(base_image, "can_bootstrap", lambda: True)
    monkeypatch.setattr(image, "_build_base", lambda *words: there.add(words[-1]))
    monkeypatch.setattr(image, "_build_image", lambda *words: there.add(words[-1]))
    monkeypatch.setattr(image, "_ours", lambda *_: [*there, from_before])
    removed: list[list[str]] = []
    monkeypatch.setattr(image, "_remove_unused", removed.append)

    ours = step.load()
    first = image._ensure(ours, lambda _: None)
    second = image._ensure(ours, lambda _: None, OTHER)

    assert [name.rpartition(":")[2].partition("-")[0] for name in (first, second)] == [
        "bookworm",
        "sid",
    ]
    assert len(there) == 4
    assert not {name for name in there if "bookworm" in name} & set(removed[1])
    assert from_before in removed[1]
    assert image._ensure(ours, lambda _: pytest.fail("built again")) == first


def test_the_image_has_no_password_of_a_mirror_or_a_proxy(tmp_path: Path) -> None:
    written = {
        "sources.list": "deb https://me:pa%2Fss@mirror.example/debian bookworm main\n",
        "sources.list.d/debian.sources": "URIs: http://me:a@x.example/debian https://b@y.example/\n",
        "apt.conf.d/99mmdebstrap": 'Acquire::http::Proxy "http://me:word@proxy.example:3128/";\n',
        "trusted.gpg.d/key.gpg": "no text ://a@b",
    }
    apt = tmp_path / "etc/apt"
    for name, text in written.items():
        (apt / name).parent.mkdir(parents=True, exist_ok=True)
        (apt / name).write_text(text)
    for hook in base_image.hooks(step.load())[-1:]:
        subprocess.run(["sh", "-c", hook, "hook", tmp_path], check=True)
    assert {name: (apt / name).read_text() for name in written} == {
        "sources.list": "deb https://mirror.example/debian bookworm main\n",
        "sources.list.d/debian.sources": "URIs: http://x.example/debian https://y.example/\n",
        "apt.conf.d/99mmdebstrap": 'Acquire::http::Proxy "http://proxy.example:3128/";\n',
        "trusted.gpg.d/key.gpg": "no text ://a@b",
    }
