"""One run, from pytest's first event to its last line."""
