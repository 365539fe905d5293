"""Working time, limits and the supervision ladder, pure."""
