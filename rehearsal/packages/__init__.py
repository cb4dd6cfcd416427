"""Real rpms and repositories of the rehearsal cluster, built with the node image's own tools."""
