"""Every variable an operator can set."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

DRIVER = "postgresql+asyncpg"
OUR_DATABASES = ("postgresql", "postgres", DRIVER)


def _database_url(given: SecretStr) -> SecretStr:
    """Return the address for our driver, also of one written for another; the text stays secret."""
    refusal = f"write {DRIVER}://user:password@host/name; no other database will do"
    try:
        url = make_url(given.get_secret_value())
    except (ArgumentError, ValueError):
        raise ValueError(refusal) from None
    if url.drivername not in OUR_DATABASES:
        raise ValueError(refusal)
    if url.drivername == DRIVER and "sslmode" not in url.query:
        return given
    query = {"ssl" if name == "sslmode" else name: value for name, value in url.query.items()}
    return SecretStr(url.set(drivername=DRIVER, query=query).render_as_string(hide_password=False))


def _time_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}; write one like Asia/Shanghai") from None


def _upper(given: object) -> object:
    return given.upper() if isinstance(given, str) else given


DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)]


class WebhookSettings(BaseModel):
    """How events are pushed to departments."""

    allow_hosts: str = Field(
        "",
        description="Comma-separated host names that may be private, or plain http. Others must "
        "be public and https. `up` allows this machine (`127.0.0.1,localhost`) when it is empty.",
    )
    concurrency: int = Field(
        128,
        ge=1,
        le=512,
        description="Posts under way at once, beside those that take long: a second or more, up to four "
        "times as many or 512.",
    )
    timeout_seconds: float = Field(10, gt=0, description="How long one post may take.")
    lease_seconds: float = Field(
        60, gt=0, description="After a crash in mid-post, when the delivery is tried again."
    )
    disable_after_days: int = Field(
        5, ge=1, le=90, description="An endpoint that has done nothing but fail for so long is ended."
    )


class HookSettings(BaseModel):
    """What departments' systems send."""

    max_commands: int = Field(100, ge=1, le=1000, description="The most commands in one message.")
    client_certificate_header: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9-]+$",
        description="The header in which the proxy before this service hands on the fingerprint or subject "
        "of the client certificate it has verified. It must take the header away from what comes from "
        "outside. Unset: secrets that want a certificate let nobody in.",
    )


class RepeatSettings(BaseModel):
    """When a caller asks again about the same matter."""

    look_back_days: int = Field(
        90, ge=1, le=3650, description="How long a caller's earlier tickets are looked through for a repeat."
    )
    answer_days: int = Field(
        30, ge=0, description="How long an answer that was given is told again; after that a call is new."
    )
    reopen_days: int = Field(
        30,
        ge=0,
        description="How long after its answer a caller who comes back to a matter reopens its ticket; "
        "after that the new one only follows it.",
    )
    candidate_days: int = Field(
        3, ge=1, le=90, description="How long other callers' tickets are shown to the agent as candidates."
    )


class JoiningSettings(BaseModel):
    """When tickets of several callers are one matter, and when many are a mass event."""

    near_metres: float = Field(200, gt=0, le=5000, description="So close is the same place.")
    within_hours: float = Field(24, gt=0, description="So old may a ticket be that others join.")
    categories: str = Field(
        "01,02,03,0405,05,0803",
        pattern=r"^([0-9]{2,6}(,[0-9]{2,6})*)?$",
        description="Comma-separated beginnings of the categories whose tickets may be joined: what "
        "many see at once. Anything else is everybody's own matter.",
    )
    many_soon_tickets: int = Field(5, ge=2, description="So many tickets of one matter are a mass event …")
    many_soon_hours: float = Field(2, gt=0, description="… when they come within so many hours.")
    many_callers: int = Field(3, ge=2, description="So many different callers are a mass event …")
    many_callers_days: float = Field(3, gt=0, description="… when they call within so many days.")


class RetentionSettings(BaseModel):
    """How long what has served its time is kept."""

    events_days: int = Field(
        90,
        ge=7,
        description="Events the bus has carried, and the note that they were handled. Longer than "
        "Kafka keeps its topics.",
    )
    answers_days: int = Field(30, ge=1, description="Answers kept for the same `Idempotency-Key`.")
    deliveries_days: int = Field(
        190,
        ge=1,
        description="Webhook deliveries that were taken or given up, with the log of their attempts. "
        "Six months of logs are the least the law asks for (网络安全法, Article 21 of 2016).",
    )
    hooks_days: int = Field(
        180, ge=7, description="What departments' systems sent, as it came, and what became of it."
    )
    feed_days: int = Field(90, ge=1, description="Events kept for departments to fetch.")


class TriageSettings(BaseModel):
    """The text model the triage desk asks, and when what people decide there becomes a proposed row."""

    model: Path | None = Field(
        None,
        description="What `hotline suggest train` wrote, its labels codes of departments. Read at the start.",
    )
    proposal_days: int = Field(90, ge=1, description="How far back what people decided is looked at.")
    proposal_tickets: int = Field(20, ge=2, description="The fewest tickets a proposed row rests on.")
    proposal_agreement: float = Field(
        0.9, gt=0.5, le=1, description="The smallest share of them that went to the same department."
    )


class Settings(BaseSettings):
    """Environment variables `HOTLINE_…`, nested with a double underscore."""

    model_config = SettingsConfigDict(
        env_prefix="HOTLINE_",
        env_nested_delimiter="__",
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    data: Path = Field(Path("var"), description="Where the embedded service keeps its data.")
    database_url: DatabaseUrl | None = Field(
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
    time_zone: TimeZone = Field(
        "Asia/Shanghai",
        description="Whose days are counted and whose times are shown. Office hours are kept in the "
        "zone of the published calendar.",
    )
    api_key_pepper: SecretStr = Field(
        SecretStr(""), description="Mixed into the hash of API keys; a change revokes them all."
    )
    max_body_bytes: int = Field(
        1_000_000, gt=0, description="The largest request body taken; of a batch, the largest line."
    )
    mappings_dir: Path | None = Field(
        None,
        description="The city's own mapping files (TOML), looked up before those that ship. "
        "Read at the start.",
    )
    rehearsal_clock: Path | None = Field(
        None, description="A file that moves the time, for trying out. Never in production."
    )
    log_level: LogLevel = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")
    webhooks: WebhookSettings = WebhookSettings()
    hooks: HookSettings = HookSettings()
    retention: RetentionSettings = RetentionSettings()
    repeats: RepeatSettings = RepeatSettings()
    joining: JoiningSettings = JoiningSettings()
    triage: TriageSettings = TriageSettings()

    @cached_property
    def zone(self) -> ZoneInfo:
        """The city's time zone."""
        return ZoneInfo(self.time_zone)


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
