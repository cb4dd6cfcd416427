"""What the phases share: checks made more than once, profiles, states."""
