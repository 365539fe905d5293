"""The PostgreSQL that comes along: found, started as a child, stopped, and found again by other commands."""

from services.postgres.supervisor import DataInUse, EmbeddedPostgres, running_url

__all__ = ["DataInUse", "EmbeddedPostgres", "running_url"]
