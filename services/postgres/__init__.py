"""The PostgreSQL that comes along: found, started as a child, stopped, and found again by other commands."""

from services.postgres.supervisor import DataInUse, EmbeddedPostgres, refuse_second, running_url

__all__ = ["DataInUse", "EmbeddedPostgres", "refuse_second", "running_url"]
