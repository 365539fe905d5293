"""Every variable an operator can set."""

from pathlib import Path

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class WebhookSettings(BaseModel):
    """How events are pushed to departments."""

    allow_hosts: str = Field(
        "",
        description="Comma-separated host names that may be private, or plain http. Others must "
        "be public and https.",
    )
    concurrency: int = Field(32, ge=1, le=512, description="Posts under way at once.")
    timeout_seconds: float = Field(10, gt=0, description="How long one post may take.")
    lease_seconds: float = Field(
        60, gt=0, description="After a crash in mid-post, when the delivery is tried again."
    )


class Settings(BaseSettings):
    """Environment variables `HOTLINE_…`, nested with a double underscore."""

    model_config = SettingsConfigDict(
        env_prefix="HOTLINE_", env_nested_delimiter="__", frozen=True, extra="ignore"
    )

    data: Path = Field(Path("var"), description="Where the embedded service keeps its data.")
    database_url: SecretStr | None = Field(
        None,
        description="`postgresql+asyncpg://user:password@host/name`. Unset: the embedded "
        "PostgreSQL under the data folder.",
    )
    database_pool: int = Field(16, ge=2, le=200, description="Connections a process may open.")
    kafka_servers: str | None = Field(
        None,
        description="Comma-separated brokers, `host:port`. Unset: events stay in this process.",
    )
    kafka_partitions: int = Field(12, ge=1, description="Partitions of a topic that is created.")
    kafka_replication: int = Field(1, ge=1, description="Replicas of a topic that is created.")
    number_prefix: str = Field("HK", pattern=r"^[A-Z]{2}$", description="Opens a ticket number.")
    city_division: str = Field(
        "460100000000",
        pattern=r"^\d{12}$",
        description="The city; stands in for a division that is not known.",
    )
    time_zone: str = Field("Asia/Shanghai", description="Where days and office hours are counted.")
    api_key_pepper: SecretStr = Field(
        SecretStr(""), description="Mixed into the hash of API keys; a change revokes them all."
    )
    max_body_bytes: int = Field(1_000_000, gt=0, description="The largest request body taken.")
    rehearsal_clock: Path | None = Field(
        None, description="A file that moves the time, for trying out. Never in production."
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")
    webhooks: WebhookSettings = WebhookSettings()


def describe(model: type[BaseModel] = Settings, prefix: str = "HOTLINE_") -> list[tuple[str, str, str]]:
    """Return name, default and meaning of every variable, for the operations manual."""
    rows: list[tuple[str, str, str]] = []
    for name, field in model.model_fields.items():
        variable = prefix + name.upper()
        nested = field.annotation
        if isinstance(nested, type) and issubclass(nested, BaseModel):
            rows += describe(nested, variable + "__")
        else:
            rows.append((variable, _shown(field.default), field.description or ""))
    return rows


def _shown(default: object) -> str:
    if default is None or (isinstance(default, SecretStr) and not default.get_secret_value()):
        return "unset"
    return str(default) or "empty"
