"""Programs that run in a container of the node image, from this tree mounted read-only."""
