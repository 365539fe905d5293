"""A department's system to develop against: well-behaved, or as badly as vendors' systems have been."""
