"""Backing services and the process host; not a "service layer": use cases live beside their process."""
