"""What departments' systems send: signed commands, each kept, taken once, answered with what is now."""
