"""What a run is at while it works, from its journal alone: on a second terminal, and as a page."""
