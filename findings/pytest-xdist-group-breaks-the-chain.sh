#!/usr/bin/env bash
# A group for pytest-xdist, meant to keep a chain of pytest-dependency together, is what breaks the chain.
#
# pytest 9.1.1 and 9.2.0, each with pytest-xdist 3.8.0 and pytest-dependency 0.6.1, Python 3.11.
# Expected: with --dist=loadgroup tests of one xdist_group run on one worker, in their order. So each finds there
#   what it depends on, as in a run without workers; and pytest 9.1 and 9.2 do the same.
# Seen: xdist writes the group into the id of each test (`test_check@upgrade`).
#     pytest 9.1.1   one worker; but pytest-dependency takes the default name of a test from its id, so that what
#                    depends on "test_check" is skipped, each time. What depends on a name= of its own runs.
#     pytest 9.2.0   an id can't be written any more. xdist writes to where it was: no group, no message. The tests
#                    go to the workers by turns, and what depends on one of another worker is skipped, named or not
#   Both end with 0. With --dist=loadfile both run all of it.
# The chain that was to be saved is skipped, and the run is green. From 9.1 to 9.2 so is what was given names
# against that, and tests that share a thing for which the group was their lock run at the same time.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat > test_chain.py <<'P'
import pytest

pytestmark = pytest.mark.xdist_group("upgrade")


@pytest.mark.dependency
def test_check():
    pass


@pytest.mark.dependency(depends=["test_check"])
def test_change():
    pass


@pytest.mark.dependency(name="backup")
def test_backup():
    pass


@pytest.mark.dependency(depends=["backup"])
def test_restore():
    pass
P
cat > conftest.py <<'P'
import os

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    item.user_properties.append(("worker", os.environ["PYTEST_XDIST_WORKER"]))


def pytest_terminal_summary(terminalreporter):
    reports = [one for outcome in ("passed", "skipped") for one in terminalreporter.stats.get(outcome, [])]
    workers = []
    for one in sorted(reports, key=lambda report: report.location[1]):
        worker = dict(one.user_properties)["worker"]
        workers += [] if worker in workers else [worker]
        place = ("one worker", "the other")[workers.index(worker)]
        print(f"{one.nodeid.partition('::')[2]:<22}{place:<13}{one.outcome}")
P
run() { # VERSION OPTION...
  local status=0
  echo "pytest $1 ${*:2}"
  "venv-$1/bin/pytest" -q -p no:cacheprovider --no-header --color=no -n 2 "${@:2}" test_chain.py > answer || status=$?
  grep '^test_[a-z@]* ' answer
  echo "ends with $status"
}
for version in 9.1.1 9.2.0; do
  python3.11 -m venv "venv-$version"
  "venv-$version/bin/pip" -q --disable-pip-version-check install "pytest==$version" 'pytest-xdist==3.8.0' \
    'pytest-dependency==0.6.1'
  run "$version" --dist=loadgroup
  run "$version" --dist=loadfile
done | tee seen
diff seen - <<'SEEN'
pytest 9.1.1 --dist=loadgroup
test_check@upgrade    one worker   passed
test_change@upgrade   one worker   skipped
test_backup@upgrade   one worker   passed
test_restore@upgrade  one worker   passed
ends with 0
pytest 9.1.1 --dist=loadfile
test_check            one worker   passed
test_change           one worker   passed
test_backup           one worker   passed
test_restore          one worker   passed
ends with 0
pytest 9.2.0 --dist=loadgroup
test_check            one worker   passed
test_change           the other    skipped
test_backup           one worker   passed
test_restore          the other    skipped
ends with 0
pytest 9.2.0 --dist=loadfile
test_check            one worker   passed
test_change           one worker   passed
test_backup           one worker   passed
test_restore          one worker   passed
ends with 0
SEEN
