"""What is promised to whoever reads our events or calls our API, written down from the code itself."""
