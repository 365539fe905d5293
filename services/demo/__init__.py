"""A realistic day of Haikou, played against a running service."""
