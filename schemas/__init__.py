"""The published language: what crosses a process boundary, and the lifecycle that gives it meaning."""
