"""Service gaps: services are asked once a second, from before the first change until the end."""
