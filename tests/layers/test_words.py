"""The engine knows clusters, not what runs on one, nor its version: no source holds such a word."""

from __future__ import annotations

import re

import pytest

from tests.layers.test_imports import ROOT

PRODUCTS = r"(?<![a-z])ocs|glpi|httpd|memories|capacity|\bagents\b"
VERSIONS = r"\b(?:to_)?4[._]2[567]"
ROWS = r"\bG[0-9]{2}\b"
FORBIDDEN = re.compile(rf"(?i:{PRODUCTS})|{VERSIONS}|{ROWS}")
"""The products of a step, versions of the cluster, rows of a guide. Comments and docstrings count:
who writes the next step reads them."""
SOURCES = [path for path in sorted((ROOT / "engine").rglob("*.*")) if path.suffix != ".pyc"]


@pytest.mark.parametrize("word", ["OCS", "ocsweb", "the agents of", "httpd", "4.26", "(G15)"])
def test_the_list_finds_words(word: str) -> None:
    assert FORBIDDEN.search(f"as {word} has it")


def test_no_source_of_the_engine_names_product_version_or_row() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {said[0]}"
        for path in SOURCES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (said := FORBIDDEN.search(line))
    ]
    assert found == []


OF_A_STEP = re.compile(rf"(?i:\bOCS\b|\bGLPI\b(?!\")|memories)|{VERSIONS}")
"""Names of modules that a cluster may have stand as texts in `product.MODULES`."""


def test_the_list_of_the_procedure_finds_words() -> None:
    assert all(map(OF_A_STEP.search, ("the files of OCS", "updates of 4.25", "its memories")))


def test_the_procedure_names_no_version_and_nothing_of_a_version_step() -> None:
    sources = [
        path
        for folder in ("phases", "cluster")
        for path in sorted((ROOT / "runbook" / folder).rglob("*.py"))
    ]
    assert len(sources) > 25
    found = [f"{p.name}: {said[0]}" for p in sources if (said := OF_A_STEP.search(p.read_text()))]
    assert found == []
