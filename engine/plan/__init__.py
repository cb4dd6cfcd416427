"""What `--plan` shows: verdicts, table, timeline; it has no way to a node."""
