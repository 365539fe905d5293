"""The command line's own commands; packages contribute theirs through their role."""
