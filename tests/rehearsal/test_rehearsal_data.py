"""Sample data of the rehearsal's databases, and GLPI's old cipher."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from rehearsal.image import HERE
from rehearsal.inside.database import quoted
from rehearsal.to_4_26.glpi import legacy_password

SOURCE = HERE / "to_4_26/image/database/sample_data.py"
INTEGER = re.compile(r"[0-9]+")


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("sample_data", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their module up by name
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sample() -> ModuleType:
    return load(SOURCE)


def capacities(sample: ModuleType) -> list[str | None]:
    machines = range(1, sample.MACHINES + 1)
    slots = range(1, sample.SLOTS + 1)
    return [sample.capacity(machine, slot) for machine in machines for slot in slots]


def test_a_few_hundred_machines_and_some_thousand_rows(sample: ModuleType) -> None:
    assert sample.MACHINES == 400
    assert len(capacities(sample)) == 3200


def test_every_oddity_of_every_agent_is_in_the_data(sample: ModuleType) -> None:
    wanted = {value for agent in sample.AGENTS for value in agent.oddities}
    assert wanted <= set(capacities(sample))


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("empty", r""),
        ("blank", r"\s+"),
        ("decorated integer", r"\s*[+-][0-9]+\s*|\s+[0-9]+\s*|[0-9]+\s+"),
        ("leading number", r"[0-9]+[^0-9\s].*|[0-9]+ [A-Z]+"),
        ("text", r"[A-Za-z<>?].*"),
        ("above the largest INT", r"99999999999999999999|2147483648"),
    ],
)
def test_every_class_of_dirty_value_is_there(sample: ModuleType, kind: str, pattern: str) -> None:
    found = {v for v in capacities(sample) if v is not None and re.fullmatch(pattern, v)}
    assert found, kind


def test_most_rows_are_clean(sample: ModuleType) -> None:
    values = capacities(sample)
    clean = [v for v in values if v is not None and INTEGER.fullmatch(v)]
    assert 0.8 < len(clean) / len(values) < 0.97


@pytest.mark.parametrize("value", ["8192\n", "8192\r\n", "\t8192", "it's", "back\\slash"])
def test_literals_keep_control_characters(sample: ModuleType, value: str) -> None:
    literal = sample.quoted(value)
    assert "\n" not in literal
    assert "\r" not in literal
    escapes = {"\\n": "\n", "\\r": "\r", "\\t": "\t", "\\'": "'", "\\\\": "\\"}
    back = re.sub(r"\\.", lambda found: escapes[found.group()], literal[1:-1])
    assert back == value


@pytest.mark.parametrize(
    ("plain", "stored"),
    [
        ("ocspassword", "Fqq/wKo1FuCW5dI="),
        ("S3cr&t p@ss/word", "+nqvwm702d1MpZ7Rl6ejmjbMeZLHuDQH"),
        ("x" * 30, "H7/EyME6G+Gf6+bZ6uvrnzsfv8TIwTob4Z/r5tnq"),
    ],
)
def test_old_cipher_of_the_plugin(plain: str, stored: str) -> None:
    assert legacy_password(plain) == stored


def test_sql_literals_are_quoted() -> None:
    assert quoted("a'b\\c") == "'a\\'b\\\\c'"
