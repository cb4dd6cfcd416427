"""What a run leaves: summary, reports and last lines, all from the journal."""
