"""Signing and the retry ladder, pure."""
