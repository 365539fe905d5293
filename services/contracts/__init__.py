"""What is promised to whoever reads our events, written down from the code itself."""
