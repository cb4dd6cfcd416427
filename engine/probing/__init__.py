"""Service gaps: services are asked once a second, from before the attempt's first change on."""
