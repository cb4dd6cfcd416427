"""The base made of an image of the same Debian: when, of what, and what the build gets."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from rehearsal import (
    base_image,
    bases,
    cli,
    cluster,
    debootstrap,
    from_image,
    host,
    image,
    limits,
    podman,
    state,
    step,
)
from rehearsal.errors import CommandError, RehearsalError
from rehearsal.from_image import Origin

DEBIAN_12 = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_CODENAME=bookworm\n'
ORIGIN = Origin("localhost/mine:12", "a" * 64, "deb http://mirror.example/debian bookworm main\n")
OURS = step.load()


@pytest.fixture(autouse=True)
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "_LOCKS", tmp_path / "lock")


@pytest.mark.parametrize(
    ("told", "system"),
    [
        (DEBIAN_12.replace("bookworm", "trixie").replace("12", "13"), "Debian GNU/Linux 13"),
        ('PRETTY_NAME="Ubuntu 24.04"\nID=ubuntu\nVERSION_CODENAME=noble\n', "Ubuntu 24.04"),
        ("ID=ubuntu\nVERSION_CODENAME=bookworm\n", "something without a name"),
        ("ID=debian\n", "something without a name"),
        ("", "something without a name"),
    ],
)
def test_an_image_of_another_release_is_refused(told: str, system: str) -> None:
    with pytest.raises(RehearsalError) as refused:
        from_image.require_release("x:1", told, bases.DEFAULT)
    assert f"The image x:1 is {system}" in str(refused.value)
    assert "base bookworm needs Debian 12" in str(refused.value)


@pytest.mark.parametrize("quoted", ["", '"', "'"])
def test_an_image_of_the_base_s_release_is_taken(quoted: str) -> None:
    told = f"ID={quoted}debian{quoted}\nVERSION_CODENAME={quoted}bookworm{quoted}\n"
    from_image.require_release("x:1", told, bases.DEFAULT)


def test_each_base_has_an_image_of_its_own_release() -> None:
    assert [base.image for base in bases.BASES] == ["debian:11", "debian:12", "debian:13"]


class Podman:
    """podman's answers: images that are here, and those that a registry has."""

    def __init__(self, here: Sequence[str] = (), registry: Sequence[str] = ()) -> None:
        self.here, self.registry = set(here), set(registry)
        self.asked: list[tuple[str, ...]] = []

    def exists(self, name: str) -> bool:
        return name in self.here

    def __call__(self, *words: str, **_: object) -> subprocess.CompletedProcess[str]:
        self.asked.append(words)
        if words[0] == "pull":
            if words[-1] not in self.registry:
                raise CommandError(words, 125, "Trying to pull ...\nError: dial tcp: no such host")
            self.here.add(words[-1])
        told = {"image": "a" * 64 + "\n", "run": DEBIAN_12}.get(words[0], "")
        return subprocess.CompletedProcess(words, 0, told, "")

    def did(self, word: str) -> bool:
        return any(words[0] == word for words in self.asked)


def answering(monkeypatch: pytest.MonkeyPatch, made: Podman) -> Podman:
    monkeypatch.setattr(podman, "podman", made)
    monkeypatch.setattr(podman, "image_exists", made.exists)
    return made


def test_an_image_is_fetched_only_where_it_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    here = answering(monkeypatch, Podman(here=["x:1"]))
    found = from_image.origin("x:1", bases.DEFAULT)
    assert (found.name, found.id) == ("x:1", "a" * 64)
    assert not here.did("pull")
    away = answering(monkeypatch, Podman(registry=["x:1"]))
    assert from_image.origin("x:1", bases.DEFAULT) == found
    assert away.did("pull")


def test_without_a_registry_the_image_and_the_ways_out_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(monkeypatch, Podman())
    with pytest.raises(RehearsalError) as refused:
        from_image.origin("debian:12", bases.DEFAULT)
    said = str(refused.value)
    assert "The image debian:12 is not on this machine and could not be fetched" in said
    assert "no such host" in said
    assert "`python -m rehearsal image load FILE`" in said
    assert "--from IMAGE" in said


def test_two_images_and_two_ways_of_building_have_marks_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = [ORIGIN.mark, Origin("other name", ORIGIN.id, "").mark, Origin("", "b" * 64, "").mark]
    (tmp_path / "build.sh").write_text("another way\n")
    monkeypatch.setattr(from_image, "_FILES", tmp_path)
    marks.append(ORIGIN.mark)
    assert marks[0] == marks[1]
    assert len(set(marks)) == 3


@pytest.fixture
def no_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of another system: it has packages of Debian from nowhere."""
    monkeypatch.setattr(debootstrap, "SOURCES", ())
    monkeypatch.setattr(
        debootstrap, "proxy_options", lambda: ['Acquire::http::Proxy "http://p:1";']
    )


def test_the_build_gets_what_mmdebstrap_gets(tmp_path: Path, no_sources: None) -> None:
    from_image.write_inputs(OURS, bases.DEFAULT, ORIGIN, tmp_path)
    packages = (tmp_path / "packages").read_text().split()
    assert packages == base_image.package_list(OURS, bases.DEFAULT)
    left_out = (tmp_path / "dpkg.conf").read_text().splitlines()
    assert {f"path-exclude={one}" for one in base_image.LEFT_OUT} < set(left_out)
    hooks = [path.read_text() for path in sorted((tmp_path / "customize").iterdir())]
    assert hooks == base_image.hooks(OURS)
    assert 'Acquire::http::Proxy "http://p:1";' in (tmp_path / "apt.conf").read_text()
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in tmp_path.iterdir())


def test_where_the_machine_has_no_sources_the_image_keeps_its_own(
    tmp_path: Path, no_sources: None
) -> None:
    """Packages of another suite come from the same mirror."""
    from_image.write_inputs(OURS, bases.find("trixie"), ORIGIN, tmp_path)
    assert (tmp_path / "sources").read_text() == ""
    others = (tmp_path / "other-suites").read_text()
    assert others == "deb http://mirror.example/debian bookworm main\n"
    (pins,) = (tmp_path / "setup").iterdir()
    assert "Pin: release n=bookworm" in pins.read_text()


def test_the_machines_own_sources_go_before_the_image_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "debian.sources"
    own.write_text("URIs: http://own.example/debian\nSuites: bookworm\n")
    monkeypatch.setattr(debootstrap, "SOURCES", (own,))
    for name, sources in (
        ("bookworm", own.read_text()),
        ("bullseye", "deb http://own.example/debian bullseye main\n"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        from_image.write_inputs(OURS, bases.find(name), ORIGIN, folder)
        assert (folder / "sources").read_text() == sources


def test_no_program_of_mmdebstrap_is_run_in_the_image(tmp_path: Path, no_sources: None) -> None:
    """build.sh merges /usr in its own way."""
    bullseye = bases.find("bullseye")
    assert bullseye.setup_hooks
    from_image.write_inputs(OURS, bullseye, ORIGIN, tmp_path)
    for hook in (tmp_path / "setup").iterdir():
        assert "mmdebstrap" not in hook.read_text()


def test_a_build_that_fails_ends_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_sources: None
) -> None:
    monkeypatch.setattr(debootstrap, "LOG", tmp_path / "log")
    monkeypatch.setattr(limits, "require_disk", lambda *_: None)
    monkeypatch.setattr(podman, "graph_root", lambda: tmp_path)

    def fail(*words: str, **_: object) -> None:
        raise CommandError(words, 100, "Get:1 ...\nE: Unable to locate package pcs\n")

    monkeypatch.setattr(podman, "podman", fail)
    with pytest.raises(RehearsalError, match=r"built of localhost/mine:12; .*locate package pcs"):
        from_image.build(OURS, bases.DEFAULT, ORIGIN, "x:1")


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The images that are there; building adds to them."""
    there: set[str] = set()
    monkeypatch.setattr(image, "_build_base", lambda *words: there.add(words[-1]))
    monkeypatch.setattr(image, "_build_image", lambda *words: there.add(words[-1]))
    monkeypatch.setattr(image, "_ours", lambda *_: list(there))
    monkeypatch.setattr(image, "_remove_unused", lambda _: None)
    monkeypatch.setattr(from_image, "origin", lambda name, _: Origin(name, name * 3, ""))
    monkeypatch.setattr(host, "install_builders", lambda: None)
    monkeypatch.setattr(base_image, "can_bootstrap", lambda: True)
    return there


def quiet(_: str) -> None:
    """Nobody listens."""


def test_both_ways_stand_side_by_side(built: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    removed: list[str] = []
    monkeypatch.setattr(image, "_remove_unused", removed.extend)
    made = {image.ensure(OURS, quiet, bases.DEFAULT, way) for way in (None, "x", "y")}
    assert len(made) == 3
    assert len(built) == 6
    assert removed == []
    assert {image.with_its_base(OURS, bases.DEFAULT, name)[1] for name in made} == built - made


def test_any_image_of_the_same_inputs_will_do(
    built: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that was loaded: it is found, and nothing is built or fetched."""
    loaded = image.ensure(OURS, quiet, bases.DEFAULT, "x")
    monkeypatch.setattr(image, "_build_base", lambda *_: pytest.fail("a base was built"))
    monkeypatch.setattr(image, "_build_image", lambda *_: pytest.fail("an image was built"))
    monkeypatch.setattr(from_image, "origin", lambda *_: pytest.fail("an image was asked for"))
    monkeypatch.setattr(host, "install_builders", lambda: pytest.fail("packages were asked for"))
    assert image.ensure(OURS, pytest.fail) == loaded


def test_a_base_of_the_same_inputs_will_do_for_another_node_image(
    built: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = image.ensure(OURS, quiet, bases.DEFAULT, "x")
    built.discard(first)
    monkeypatch.setattr(image, "_build_base", lambda *_: pytest.fail("a base was built"))
    assert image.ensure(OURS, quiet) == first


def test_a_cluster_keeps_the_way_that_its_image_was_made(built: set[str]) -> None:
    plain, marked = (image.ensure(OURS, quiet, bases.DEFAULT, way) for way in (None, "x"))
    assert image.ensure(OURS, quiet) == plain
    assert image.ensure(OURS, quiet, kept=marked) == marked
    assert image.ensure(OURS, quiet, kept="localhost/x:bookworm-ffffffffffff") == plain


@pytest.mark.parametrize("mended", [False, True])
def test_where_mmdebstrap_is_missing_the_base_s_own_image_is_taken(
    mended: bool, built: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is installed where that can be done; where not, that is said, and the other way taken."""
    there = [False]

    def install() -> None:
        if not mended:
            raise RehearsalError("mmdebstrap could not be installed")
        there[0] = True

    monkeypatch.setattr(host, "install_builders", install)
    monkeypatch.setattr(base_image, "can_bootstrap", lambda: there[0])
    said: list[str] = []
    found = image.ensure(OURS, said.append)
    assert found.rpartition(":")[2].count("-") == (1 if mended else 2)
    assert any("made of the image debian:12" in line for line in said) is not mended
    assert any("could not be installed" in line for line in said) is not mended


def test_a_path_without_mmdebstrap_can_t_use_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "missing_builders", list)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not base_image.can_bootstrap()
    (tmp_path / "mmdebstrap").touch(mode=0o755)
    assert base_image.can_bootstrap()
    monkeypatch.setattr(host, "missing_builders", lambda: ["debian-archive-keyring"])
    assert not base_image.can_bootstrap()


def test_up_hands_the_image_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(cluster, "up", lambda *_, made_from, **__: seen.append(made_from))
    for words in ([], ["--from", "localhost/mine:12"]):
        assert cli.main(["up", *words]) == 0
    assert seen == [None, "localhost/mine:12"]


@pytest.mark.parametrize("name", ["x:1", "", f"{image.REPOSITORY}/other:bookworm-1"])
def test_a_name_of_no_node_image_is_refused(name: str) -> None:
    with pytest.raises(RehearsalError, match="is not the name of an image of"):
        image.with_its_base(OURS, bases.DEFAULT, name)
