"""Bytes become a record: one module per wire format; whatever is wrong is refused, never guessed."""
