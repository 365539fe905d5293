"""Matching a ticket against the jurisdiction table, pure."""
