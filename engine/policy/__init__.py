"""Pure functions, values -> findings. They ask nobody and change nothing."""
