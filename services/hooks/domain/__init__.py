"""Who sent a message, and whether it comes too late, pure."""
