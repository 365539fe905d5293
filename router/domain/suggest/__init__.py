"""Whose matter a text is, learned from a city's own history: suggestions with reasons, pure."""
