"""README.md and docs/: every link leads somewhere, every command can be typed as it stands.

So do the pages that messages name. Nothing here asks the network.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import engine.cli
import rehearsal.cli
from engine.model.ending import Ending
from engine.report.last_lines import page_of
from tests.layers.markdown import (
    PAGES,
    README,
    ROOT,
    blocks_of,
    inline_code,
    links_of,
    prose_of,
    sections,
    target_of,
)
from tests.proving.table import PROOF
from tests.storms.__main__ import PAGE as STORMS
from tests.twins.__main__ import PAGE as TWINS
from tests.versions.__main__ import PAGE as VERSIONS

OTHERS = {"cd", "cp", "git", "sha256sum", "tar"}
"""Tools of the system that a block may use."""
OURS = {"make", "pip", "pytest", "python", "python3", "python3.11"}
SHELL = {"", "sh", "bash"}
STANDARD = {"pip", "venv"}
"""Modules of Python's own."""
TREE = re.compile(r"^(?:bench|docs|engine|rehearsal|runbook|tests)/[\w./-]+$")
MADE = {ROOT / "docs" / f"{page.name}.md" for page in (PROOF, STORMS, TWINS, VERSIONS)}
"""Pages that a proof makes once all of it is green: linked before they are there."""
NAMED = re.compile(r"\b(?:docs/[\w.-]+\.(?:md|ini\.example)|README\.md)(?:#(?![\w-]*\{)[\w-]+)?")

of_each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@of_each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    gone = [
        link
        for link in links_of(prose_of(page))
        if not link.startswith("https://")
        and not leads(*target_of(page, link))
        and target_of(page, link) not in {(made, "") for made in MADE}
    ]
    assert gone == []


@pytest.mark.parametrize("page", sorted(MADE), ids=lambda page: page.name)
def test_what_a_proof_makes_is_linked_before_it_is_there(page: Path) -> None:
    """When it comes it is found from the README, and nobody has to edit a page for it."""
    developing = ROOT / "docs" / "developing.md"
    links = [target_of(developing, link)[0] for link in links_of(prose_of(developing))]
    assert page in links


def leads(path: Path, anchor: str) -> bool:
    return path.exists() and (not anchor or anchor in sections(path))


def test_every_page_is_found_from_the_readme() -> None:
    found, ahead = {README}, [README]
    while ahead:
        page = ahead.pop()
        linked = {target_of(page, link)[0] for link in links_of(prose_of(page))}
        new = {path for path in linked if path in PAGES} - found
        found |= new
        ahead += new
    assert sorted(path.name for path in set(PAGES) - found) == []


SOURCES = [
    path
    for tree in ("engine", "runbook", "rehearsal", "tests", "bench")
    for path in sorted((ROOT / tree).rglob("*"))
    if path.suffix in {".py", ".md", ".j2", ".sh"} and "data" not in path.parts
]


def test_every_page_that_a_message_or_docstring_names_is_there() -> None:
    gone = [
        (path.relative_to(ROOT).as_posix(), name)
        for path in SOURCES
        for name in NAMED.findall(path.read_text(encoding="utf-8"))
        if path.name != "test_pages.py" and not name.startswith("README") and not is_there(name)
    ]
    assert gone == []


def is_there(name: str) -> bool:
    file, _, anchor = name.partition("#")
    return leads(ROOT / file, anchor)


def test_the_last_lines_of_a_run_send_to_the_section_of_its_exit_code() -> None:
    pages = [page for ending in Ending for page in page_of(ending.code)]
    assert len(set(pages)) == len({ending.code for ending in Ending}) - 1
    assert [page for page in pages if not is_there(page)] == []


def test_no_message_sends_anybody_to_a_section_of_the_readme() -> None:
    """It is the front door: what a message means stands on a page of its own."""
    sent = [
        path.relative_to(ROOT).as_posix()
        for tree in ("engine", "runbook")
        for path in (ROOT / tree).rglob("*.py")
        if "README" in path.read_text(encoding="utf-8")
    ]
    assert sent == []


def test_the_smallest_version_step_on_its_page_is_one() -> None:
    blocks = blocks_of(ROOT / "docs" / "next-version-step.md")
    (source,) = ("\n".join(b.lines) for b in blocks if "def pytest_runbook_release" in str(b))
    made: dict[str, Any] = {}
    exec(source, made)
    release = made["pytest_runbook_release"]()
    assert (str(release.source), str(release.target)) == ("4.26", "4.27")


# commands


def commands(page: Path) -> Iterator[str]:
    """One line each, without its comment. Every line of a block without a language is one."""
    for block in blocks_of(page):
        if block.language in SHELL:
            text = "\n".join(block.lines).replace("\\\n", " ")
            yield from (line for line in map(_bare, text.splitlines()) if line)


def _bare(line: str) -> str:
    return re.sub(r"(?:^|\s+)#.*", "", line).strip()


@of_each_page
def test_every_command_of_a_block_can_be_typed(page: Path) -> None:
    wrong = {line: why for line in commands(page) if (why := problem(line, whole=True))}
    assert wrong == {}


@of_each_page
def test_every_command_in_a_sentence_is_one(page: Path) -> None:
    told = [code for code in inline_code(page) if Path(code.split()[0]).name in OURS]
    wrong = {line: why for line in told if (why := problem(line, whole=False))}
    assert wrong == {}


@of_each_page
def test_every_option_in_a_sentence_is_one(page: Path, pytestconfig: pytest.Config) -> None:
    known = pytest_options(pytestconfig) | verify_options()
    for parser in (engine.cli.parser(), rehearsal.cli.parser()):
        known |= {name for one in (parser, *choices(parser).values()) for name in options(one)}
    told = [code for code in inline_code(page) if re.match(r"--[a-z]", code)]
    assert [code for code in told if re.split(r"[ =]", code)[0] not in known] == []


def test_every_option_of_every_command_is_told_on_a_page() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    untold = [
        f"{command} {name}"
        for parser in (engine.cli.parser(), rehearsal.cli.parser())
        for command, own in choices(parser).items()
        for name in sorted(options(own) - {"-h", "--help"})
        if f"`{name}" not in text and f" {name}" not in text
    ]
    assert untold == []


def test_what_is_misspelt_is_told() -> None:
    for line in (
        "pyest runbook --inventory prod.ini",
        ".venv/bin/pytest runbook --inventry prod.ini",
        ".venv/bin/pytest runbok --plan",
        "make rehersal",
        "make matrix SHART=2/6",
        ".venv/bin/python -m engine repot reports/RUN",
        ".venv/bin/python -m engine verify reports/RUN --hed HASH",
        "python3.11 -m rehearsal up --nmae lab",
        "python3.11 -m rehearsal shell",
        "python3 verfy.py DIRECTORY",
        "python3 verify.py DIRECTORY --hed HASH",
        ".venv/bin/python -m bench.memory --directory /var/tmp/bench",
        ".venv/bin/python -m bench --olny plan",
        "cp docs/prod.ini.exampel prod.ini",
        ".venv/bin/python -m engine inventry root@neteye01 > prod.ini",
        ".venv/bin/pip install -r requirments.txt",
    ):
        assert problem(line, whole=True), line


def problem(line: str, *, whole: bool) -> str:
    """Why a command can't be typed; '' when it can. A part of one may lack what it needs."""
    words = shlex.split(re.sub(r" > [\w.-]+$", "", line))  # the shell's own
    gone = [word for word in words[1:] if TREE.match(word) and not (ROOT / word).exists()]
    if gone:
        return f"there is no {gone[0]}"
    name, rest = Path(words[0]).name, words[1:]
    if name == "make":
        return _make(rest)
    if name == "pytest":
        return _pytest(rest)
    if name == "pip":
        return _pip(rest)
    if name.startswith("python"):
        return _python(rest, whole)
    return "" if name in OTHERS else f"{name} is no tool that a page may use"


def _make(words: list[str]) -> str:
    text = (ROOT / "Makefile").read_text()
    for word in words:
        variable, given, _ = word.partition("=")
        pattern = rf"\$\({variable}\)" if given else rf"^{word}:"
        if not re.search(pattern, text, re.MULTILINE):
            return f"the Makefile has no {variable}"
    return ""


def _pytest(words: list[str]) -> str:
    paths = words[:1] if words and not words[0].startswith("-") else []
    if any(not (ROOT / path).exists() for path in paths):
        return f"there is no {paths[0]}"
    given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    unknown = sorted(given - own_options() - {"-m", "-o", "-q"})
    return f"pytest has no {unknown[0]}" if unknown else ""


def _pip(words: list[str]) -> str:
    files = [words[i + 1] for i, word in enumerate(words[:-1]) if word == "-r"]
    gone = [file for file in files if not (ROOT / Path(file).name).is_file()]
    return f"there is no {gone[0]}" if gone else ""


def _python(words: list[str], whole: bool) -> str:
    if words[:1] != ["-m"]:
        return _script(words)
    module, rest = words[1], words[2:]
    if module in STANDARD:
        return _pip(rest)
    if (spec := importlib.util.find_spec(module)) is None:
        return f"there is no module {module}"
    if spec.submodule_search_locations is not None:
        spec = importlib.util.find_spec(f"{module}.__main__")
    parsers = {"engine": engine.cli.parser, "rehearsal": rehearsal.cli.parser}
    if module in parsers:
        return _parsed(parsers[module](), rest, whole)
    source = Path(spec.origin).read_text()  # type: ignore
    unknown = [word for word in rest if word.startswith("--") and f'"{word}"' not in source]
    return f"{module} has no {unknown[0]}" if unknown else ""


def _script(words: list[str]) -> str:
    """`verify.py` by itself, or an option of Python's own."""
    if not words or words[0].startswith("-"):
        return ""
    if words[0] != "verify.py":
        return f"there is no script {words[0]}"
    unknown = {word for word in words if word.startswith("--")} - verify_options()
    return f"verify.py has no {min(unknown)}" if unknown else ""


def _parsed(parser: argparse.ArgumentParser, words: list[str], whole: bool) -> str:
    if not words:
        return ""
    known = choices(parser)
    if words[0] not in known:
        return f"{parser.prog} has no {words[0]}"
    given = {word.partition("=")[0] for word in words if word.startswith("--")}
    if unknown := given - options(known[words[0]]):
        return f"{parser.prog} {words[0]} has no {min(unknown)}"
    try:
        parser.parse_args(words)
    except SystemExit:
        return "its parser refuses it" if whole and "HASH" not in words else ""
    return ""


def choices(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands of a parser, by name."""
    actions = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    return dict(actions[0].choices)


def options(parser: argparse.ArgumentParser) -> set[str]:
    return set(parser._option_string_actions)


def verify_options() -> set[str]:
    text = (ROOT / "engine" / "verify.py").read_text()
    return set(re.findall(r"\"(--[a-z-]+)\"", text))


def own_options() -> set[str]:
    """The runbook's own options of pytest."""
    parser = pytest.Parser(_ispytest=True)
    importlib.import_module("engine.run.options").add(parser)
    return {name for group in parser._groups for option in group.options for name in option.names()}


def pytest_options(config: pytest.Config) -> set[str]:
    """All options of pytest, and of the plugins that are here."""
    groups = [*config._parser._groups, config._parser._anonymous]
    return {name for group in groups for option in group.options for name in option.names()}
