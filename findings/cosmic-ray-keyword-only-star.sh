#!/usr/bin/env bash
# cosmic-ray takes the bare `*` of keyword-only parameters for a multiplication.
#
# cosmic-ray 8.7.0, Python 3.11.
# Expected: `def weigh(one, *, two)` has no operator, so no operator of arithmetic mutates it.
# Seen: ReplaceBinaryOperator_Mul_FloorDiv finds one place and makes `def weigh(one, //, two)`, which
#   does not compile. Every test fails at once on such a mutant, and it counts as killed.
# Who quotes a share of killed mutants has to leave out those that do not compile.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3.11 -m venv venv
venv/bin/pip -q --disable-pip-version-check install 'cosmic-ray==8.7.0'
cat > mutate.py <<'P'
from pathlib import Path

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

operator = get_operator("core/ReplaceBinaryOperator_Mul_FloorDiv")()
source = "def weigh(one, *, two):\n    return one\n"
seen = mutate_code(source, operator, 0)
print(seen)
assert seen == source.replace("*", "//"), seen
try:
    compile(seen, "mutant", "exec")
except SyntaxError as error:
    print("SyntaxError:", error.msg)
else:
    raise SystemExit("it compiles now")
P
venv/bin/python mutate.py
