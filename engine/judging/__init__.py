"""Judging again: the runbook's steps over the answers of a recorded run, without its cluster."""
