# The project's own commands. Production needs none of them: `pytest runbook --inventory FILE`.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export DEBIAN_FRONTEND := noninteractive
# Hundreds of processes import the same modules: what one has compiled is there for the next.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: rehearsal test lint unit patient connected touched integration lengthy proof faults matrix edges findings storms twins versions proofs setup sshd openssl chromium clean

# A fresh five-node cluster at 4.25 goes to 4.26; it is left up, the report's path is printed.
# Hypothesis is for tests: its plugin takes two seconds at a run's end.
rehearsal: setup
	$(BIN)/python -m rehearsal up --fresh
	$(BIN)/pytest -p no:hypothesispytest runbook

# What is installed for all machines is installed before: one apt-get at a time.
# Tests of real connections run before the clusters: what these take makes them miss their moment.
# What has no clock of its own takes what the clusters leave.
test: setup sshd openssl chromium
	$(MAKE) connected
	$(BIN)/python -m tests.proving.together $(MAKE) integration spare-lint spare-patient

spare-%:
	exec $(BIN)/python -m tests.proving.spare $(MAKE) --no-print-directory $*

setup: $(READY)

# A bare Debian has Python without venv; pip comes with it.
$(READY): requirements.txt requirements-dev.txt requirements-axe.txt
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends python3.11-venv; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-axe.txt
	touch $@

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy engine runbook

# The tests of the transport start an sshd of their own on loopback; the service stays off.
# A csh is a login shell that the runbook must tell from others; sudo has rules of its own there.
sshd:
	{ test -x /usr/sbin/sshd && command -v tcsh && command -v sudo; } > /dev/null || { \
	  if [ -d /run/systemd/system ]; then systemctl mask ssh.service; fi; \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends openssh-server tcsh sudo; }

# The tests of time stamps have an authority of their own.
openssl:
	command -v openssl > /dev/null || { \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends openssl; }

# The tests of the evidence open it in a real browser.
chromium:
	command -v chromium > /dev/null || { \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; }

# A test that hangs ends the run, with what each thread was at: after far more than any test takes.
HANGS := -o faulthandler_exit_on_timeout=true -o faulthandler_timeout

# Tests write, and sync to the disk, ten thousands of small files: in memory where there is room.
# df says nothing where there is no such file system.
MEMORY := $(shell df --output=avail -BG /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 + 0 >= 4 {print "/dev/shm"}')

# Two workers more than cores where tests wait: for a process, a disk, a connection. When one hangs,
# the others go on with what is left, and its test is told.
WAITING := $(shell expr $$(nproc) + 2)
UNIT = $(if $(MEMORY),TMPDIR=$(MEMORY) )$(BIN)/pytest -q -n $(or $(AT_ONCE),$(WAITING)) --dist worksteal --max-worker-restart 0 \
  -o tmp_path_retention_policy=failed $(HANGS)=900 -m "not integration"

unit: setup sshd openssl chromium
	$(UNIT)

# Tests that read, parse, judge and show: they can wait for a processor as long as it takes.
PATIENT := $(addprefix tests/,evidence judge layers parse properties rejudge secrets storms twins)

patient: AT_ONCE := $(shell nproc)
patient: setup openssl chromium
	$(UNIT) $(PATIENT)

connected: setup sshd openssl
	$(UNIT) $(addprefix --ignore=,$(PATIENT))

# Those that use what is changed: since SINCE=COMMIT, or since the last commit.
touched: setup sshd openssl chromium
	@tests=$$($(BIN)/python -m tests.proving.touched $(SINCE)) && set -x && $(UNIT) $$tests

# A pytest for each cluster, side by side; about 4 GB of memory.
integration: setup
	$(BIN)/python -m tests.proving.lanes $(HANGS)=1800

# The integration tests that take many minutes each, two modules side by side.
# COUNT=1: one of them, rotated by the commit id.
lengthy: setup
	$(BIN)/python -m tests.proving.lengthy $(COUNT)

# Every edge, fault and finding on rehearsal clusters, side by side; hours. What is green on this
# commit is not run again. The page, when nothing is missing: docs/proof.md
# SHARD=2/6, CASES=name,name, or COUNT=5 (rotated by the commit id); AGAIN=1: the green ones too;
# WORKERS=2: so many clusters. A part of it: make matrix, faults or findings, with the same.
PROOF = $(BIN)/python -m tests.proving $(if $(SHARD),--shard $(SHARD)) $(if $(COUNT),--count $(COUNT)) \
  $(if $(AGAIN),--again) $(if $(WORKERS),--workers $(WORKERS)) \
  $(if $(CASES)$(EDGES)$(FAULTS),--only $(or $(CASES),$(EDGES),$(FAULTS)))

proof: setup
	$(PROOF)

# The runbook killed at every edge of its journal, and run again; three edges an upgrade.
matrix: setup
	$(PROOF) --kinds matrix

# The same, an upgrade for each edge, three times as long; EDGES=name,name.
edges: setup
	$(PROOF) --kinds edges

# Faults during a run; FAULTS=name,name.
faults: setup
	$(PROOF) --kinds faults

# Every finding provoked and healed.
findings: setup
	$(PROOF) --kinds findings

# Two or three findings at once, drawn by the seeds from 1 to SEEDS (100 unless given). With SHARD,
# COUNT, AGAIN and WORKERS as above; CASES=seed-7,seed-9. The page, when all are green: docs/storms.md
storms: setup
	$(subst tests.proving,tests.storms,$(PROOF)) $(if $(SEEDS),--seeds $(SEEDS))

# Clusters drawn by SEED (1 unless given) and a twin of each, both upgraded and compared; PAIRS (20)
# of them. SHARD, COUNT, AGAIN and WORKERS (1) as above; ONLY=3,7: some by number. The page, when all
# are green: docs/twins.md
twins: setup
	$(subst tests.proving,tests.twins,$(PROOF)) $(if $(SEED),--seed $(SEED)) \
	  $(if $(PAIRS),--pairs $(PAIRS)) $(if $(ONLY),--only $(ONLY))

# The runbook on each base of the rehearsal and from other controllers. SHARD, COUNT, AGAIN, WORKERS
# and CASES=trixie.plan,tools as above. The page, when all are green: docs/versions.md
versions: WORKERS ?= 2
versions: setup
	$(subst tests.proving,tests.versions,$(PROOF))

# What .ci/run takes of edges and faults: run for real, side by side, whatever is on record.
proofs: setup
	$(BIN)/python -m tests.proving --kinds edges,faults --some edges=3,faults=5 --again

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
