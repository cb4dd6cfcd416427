"""The drawing of an attempt: lanes, bars and marks on an axis of time, and its list."""
