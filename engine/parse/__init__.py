"""Pure functions, text -> value. A missing field is an error that names file, element and field."""
