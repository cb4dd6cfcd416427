"""The monitoring that the cluster itself runs: how it is asked, and kept silent for a time."""
