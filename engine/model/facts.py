"""What steps and reports agree on: names of facts, and what notes and attachments are about."""

from __future__ import annotations

BEFORE, AFTER, PACKAGES = "state-before", "state-after", "packages-changed"
"""The cluster at the baseline and at the end of every run, and the packages that differ. The end
has the position too, where the upgrade is left."""
APPROVED = "approvals"
"""The approvals that counted at the attempt's start."""
REHEARSED = "rehearsed"
"""The rehearsal cluster's own labels: scenario (its name), about (what it is, in words), base."""
STATEMENT = "statement of a rehearsal"
"""The question for the statement of the rehearsal that an upgrade goes by."""
MACHINE_IDS = "machine-ids"
"""What the first answer of each node told: ids (its machine id), releases (what it runs)."""
TAKEN = "time-taken"
"""How long the attempt took: since, until."""
PASSWORD = "password"
"""What became of a password, never its value: of (which one), what (became of it), lies_in and
old_copies (places: node, path; owner, group, mode when seen; note), searched (where for copies)."""
BACKUP = "backup"
"""A proved backup: of, node, file, size, sha256, taken, proved (how), restore (the command),
restore_on (where), brings and leaves (what a restore brings back, and what not), places (where it
lies, as of a password)."""
OLD_FILES = "old-files-"
"""Before a node: files that a back-out puts back there: node, files (path, and lies_in: where the
file that was there before lies now)."""
FETCHED = "backup-fetched"
"""In which run's directory its copy is: file, sha256."""
CONFLICTS = "conflicts-"
"""Before the round: configuration files that wait for their migration, its planned stop."""
STOP_TOLD = "stop-told-"
"""Before the round: a run has told somebody how it stopped, whatever it found of it."""
IN_CONFIGURATION, BACK_OUT = "configuration", "back-out"
"""About what an attachment or a note is: the masked diff of a file, the way back."""
