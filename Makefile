# The project's own commands. Production needs none of them: `pytest runbook --inventory FILE`.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export DEBIAN_FRONTEND := noninteractive

.PHONY: rehearsal test lint unit integration lengthy faults matrix findings proofs some-edges some-faults setup sshd chromium clean

# A fresh five-node cluster at 4.25 goes to 4.26; it is left up, the report's path is printed.
rehearsal: setup
	$(BIN)/python -m rehearsal up --fresh
	$(BIN)/pytest runbook

test: lint unit integration

setup: $(READY)

# A bare Debian has Python without venv; pip comes with it.
$(READY): requirements.txt requirements-dev.txt
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends python3.11-venv; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy engine runbook

# The tests of the transport start an sshd of their own on loopback; the service stays off.
# A csh is a login shell that the runbook must tell from others.
sshd:
	{ test -x /usr/sbin/sshd && command -v tcsh > /dev/null; } || { \
	  if [ -d /run/systemd/system ]; then systemctl mask ssh.service; fi; \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends openssh-server tcsh; }

# The tests of the evidence open it in a real browser.
chromium:
	command -v chromium > /dev/null || { \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; }

# A test that hangs ends the run, with what each thread was at: after far more than any test takes.
HANGS := -o faulthandler_exit_on_timeout=true -o faulthandler_timeout

unit: setup sshd chromium
	$(BIN)/pytest -q $(HANGS)=300 -m "not integration"

integration: setup
	$(BIN)/pytest -q $(HANGS)=1800 -m "integration and not lengthy"

# The integration tests that take many minutes each; COUNT=1: a module, rotated by the commit id.
lengthy: setup
	$(BIN)/pytest -q -m lengthy $$($(BIN)/python -m tests.proving.lengthy $(COUNT))

# Faults during a run, on rehearsal clusters; hours. What is green on this commit is not run again.
# SHARD=2/6, FAULTS=name,name, or COUNT=5 (rotated by the commit id); AGAIN=1: the green ones too.
# The table: docs/faults.md
faults: setup
	$(BIN)/python -m tests.faults $(if $(SHARD),--shard $(SHARD)) $(if $(FAULTS),--only $(FAULTS)) \
	  $(if $(COUNT),--count $(COUNT)) $(if $(AGAIN),--again)

# The runbook killed at every edge of its journal, and run again; hours. Cases as above.
# SHARD=2/6, EDGES=name,name, or COUNT=3; WORKERS=2: two clusters at once. docs/matrix.md
matrix: setup
	$(BIN)/python -m tests.matrix $(if $(SHARD),--shard $(SHARD)) $(if $(EDGES),--only $(EDGES)) \
	  $(if $(COUNT),--count $(COUNT)) $(if $(AGAIN),--again) $(if $(WORKERS),--workers $(WORKERS))

# Every finding provoked and healed, on rehearsal clusters; hours.
# SHARD=2/4, CASES=name,name, COUNT=5, AGAIN=1 as above. docs/healed.md
findings: setup
	$(BIN)/python -m tests.findings $(if $(SHARD),--shard $(SHARD)) $(if $(CASES),--only $(CASES)) \
	  $(if $(COUNT),--count $(COUNT)) $(if $(AGAIN),--again)

# What .ci/run takes of edges and faults: run for real, whatever is on record.
proofs: some-edges some-faults
some-edges:
	$(MAKE) matrix COUNT=3 AGAIN=1
some-faults:
	$(MAKE) faults COUNT=5 AGAIN=1

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
