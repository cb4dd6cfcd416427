"""Judges a recorded run again on its own answers; no way leads to a node."""
