#!/usr/bin/env bash
# Of several tests with one name for pytest-dependency only the last one counts: the failure of one before is forgotten.
#
# pytest 9.2.0, pytest-dependency 0.6.1, Python 3.11.
# Expected: `@pytest.mark.dependency(name="nodes ready")` on a parametrized test gives one name to all its cases, so
#   that what depends on "nodes ready" is skipped as soon as one of them fails.
# Seen: each case takes the place of the one before. With one, two, three as cases
#     one fails      the dependent test runs
#     three fails    it is skipped
#   Without a name of one's own each case has its id in its name, and depends=["test_ready"] matches none of them:
#   the dependent test is skipped even when all cases have passed.
# A step for all nodes goes on when the check of the first node failed, and stops when that of the last did. The
# names have to be listed one by one, test_ready[one] and so on.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3.11 -m venv venv
venv/bin/pip -q --disable-pip-version-check install 'pytest==9.2.0' 'pytest-dependency==0.6.1'

cat > test_nodes.py <<'P'
import os

import pytest

nodes = pytest.mark.parametrize("node", ["one", "two", "three"])


@nodes
@pytest.mark.dependency(name="nodes ready")
def test_named(node):
    assert node != os.environ["BAD"]


@nodes
@pytest.mark.dependency
def test_ready(node):
    assert node != os.environ["BAD"]


@pytest.mark.dependency(depends=["nodes ready"])
def test_after_the_name():
    pass


@pytest.mark.dependency(depends=["test_ready"])
def test_after_the_test():
    pass


@pytest.mark.dependency(depends=[f"test_ready[{node}]" for node in ("one", "two", "three")])
def test_after_each():
    pass
P
venv/bin/pytest --version
{
  for bad in none one three; do
    echo "$bad fails:"
    BAD=$bad venv/bin/pytest -v -p no:cacheprovider --tb=no --no-header test_nodes.py > answer || true
    sed -n 's/.*::\(test_after[a-z_]*\) \([A-Z]*\).*/  \1 \2/p' answer
  done
} | tee seen
diff seen - <<'SEEN'
none fails:
  test_after_the_name PASSED
  test_after_the_test SKIPPED
  test_after_each PASSED
one fails:
  test_after_the_name PASSED
  test_after_the_test SKIPPED
  test_after_each SKIPPED
three fails:
  test_after_the_name SKIPPED
  test_after_the_test SKIPPED
  test_after_each SKIPPED
SEEN
