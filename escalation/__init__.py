"""Whether it is done in time."""
