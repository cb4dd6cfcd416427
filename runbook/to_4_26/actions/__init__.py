"""Actions of this version step."""
