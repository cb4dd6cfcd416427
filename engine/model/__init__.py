"""Frozen values. They know nothing of text formats, nodes or pytest."""
