"""The published JSON schemas, for tests that validate what runs leave."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"


@cache
def _registry() -> Any:
    contents = [json.loads(path.read_text()) for path in sorted(SCHEMAS.glob("*.json"))]
    return Registry().with_resources([(c["$id"], Resource.from_contents(c)) for c in contents])


@cache
def validator(name: str) -> Draft202012Validator:
    """Of one of the schemas, by its name; that of `journal` is for one line."""
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    return Draft202012Validator(schema, registry=_registry())


def problems(name: str, value: Any) -> list[str]:
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
        for error in validator(name).iter_errors(value)
    ]


def problems_of_run(directory: Path) -> list[str]:
    """What in a run's directory is not as the schemas have it."""
    found = []
    for name in ("summary", "plan", "manifest", "rehearsal"):
        path = directory / f"{name}.json"
        if path.exists():
            found += [f"{path.name}: {p}" for p in problems(name, json.loads(path.read_text()))]
    lines = (directory / "journal.jsonl").read_text().split("\n")[:-1]
    for number, line in enumerate(lines, start=1):
        found += [f"journal.jsonl:{number}: {p}" for p in problems("journal", json.loads(line))]
    return found
