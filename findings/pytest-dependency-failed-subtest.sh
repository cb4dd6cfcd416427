#!/usr/bin/env bash
# A test that fails by a subtest counts as passed for pytest-dependency: what depends on it runs.
#
# pytest 9.2.0, pytest-dependency 0.6.1, Python 3.11.
# Expected: a failed subtest fails its test (pytest says "FAILED, contains 1 failed subtest", exit status 1), so
#   that a test which depends on it is skipped, as it is after `assert False`.
# Seen: the dependent test runs and passes. pytest-dependency takes the outcome when a report is made. The report
#   of the test itself is made as "passed", and turned into a failure only when it is logged; those of the
#   subtests are made before it and are overwritten by it.
# In a chain of checks and changes, a check that is written with subtests keeps nothing from being changed. It
# has to collect what is wrong and assert once.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3.11 -m venv venv
venv/bin/pip -q --disable-pip-version-check install 'pytest==9.2.0' 'pytest-dependency==0.6.1'

cat > test_chain.py <<'P'
import pytest

NODES = ("one", "two", "three")


@pytest.mark.dependency
def test_check(subtests):
    for node in NODES:
        with subtests.test(node=node):
            assert node != "two"


@pytest.mark.dependency(depends=["test_check"])
def test_change():
    pass


@pytest.mark.dependency
def test_check_at_once():
    assert [node for node in NODES if node == "two"] == []


@pytest.mark.dependency(depends=["test_check_at_once"])
def test_change_after_it():
    pass
P
venv/bin/pytest --version
status=0
export COLUMNS=200
venv/bin/pytest -q -p no:cacheprovider --tb=no --no-header -rA test_chain.py > answer || status=$?
{
  grep -E '^(PASSED|FAILED|SKIPPED|SUB)' answer | sed 's/ .*site-packages[^ ]*:/ pytest_dependency:/' | LC_ALL=C sort
  echo "ends with $status"
} | tee seen
diff seen - <<'SEEN'
FAILED test_chain.py::test_check - contains 1 failed subtest
FAILED test_chain.py::test_check_at_once - AssertionError: assert ['two'] == []
PASSED test_chain.py::test_change
SKIPPED pytest_dependency: test_change_after_it depends on test_check_at_once
SUBFAILED(node='two') test_chain.py::test_check - AssertionError: assert 'two' != 'two'
ends with 1
SEEN
