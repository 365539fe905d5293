"""One call becomes one ticket."""
