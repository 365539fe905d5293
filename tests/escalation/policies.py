"""Publishing rules as people do: one drafts, another previews and publishes, the work that follows."""

from collections.abc import Iterable
from typing import Any

from escalation.recompute import recompute_some
from tests.inprocess import Answer, InProcess

PAPER = "国办发明电〔2026〕12号"


async def in_force(hotline: InProcess, kind: str) -> Answer:
    client = await hotline.client("admin")
    answer = await client.get(f"/v1/policies/{kind}")
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def draft(hotline: InProcess, kind: str, version: str, content: Any = None) -> None:
    """Let an admin draft a version, by default with the content of the one in force."""
    client = await hotline.client("admin")
    begun = await client.post(f"/v1/policies/{kind}/drafts", json={"version": version, "source": PAPER})
    assert begun.status_code == 201, begun.text
    if content is not None:
        put = await client.put(f"/v1/policies/{kind}/drafts/{version}", json={"content": content})
        assert put.status_code == 200, put.text


async def preview(hotline: InProcess, kind: str, version: str) -> Answer:
    client = await hotline.client("supervisor")
    answer = await client.get(f"/v1/policies/{kind}/drafts/{version}/preview")
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def publish(hotline: InProcess, kind: str, version: str, content: Any = None, **more: str) -> Answer:
    """Draft, preview and publish, by two people; return the preview."""
    await draft(hotline, kind, version, content)
    found = await preview(hotline, kind, version)
    client = await hotline.client("supervisor")
    answer = await client.post(
        f"/v1/policies/{kind}/drafts/{version}/publish", json={"preview": found["preview"], **more}
    )
    assert answer.status_code == 200, answer.text
    return found


async def recompute(hotline: InProcess, batch: int = 200) -> int:
    """Do all the work that follows publications; return in how many batches."""
    batches = 0
    while True:
        async with hotline.resources.database.transaction() as connection:
            done = await recompute_some(connection, hotline.resources, batch)
        if done is None:
            await hotline.drain()
            return batches
        batches += done > 0


async def progress(hotline: InProcess) -> list[Answer]:
    client = await hotline.client("admin")
    return (await client.get("/v1/policies/recomputes")).json()  # type: ignore[no-any-return]


def day(date: str, kind: str, **more: str) -> dict[str, str]:
    return {"date": date, "kind": kind, "name": "调休", "source": PAPER, "status": "official", **more}


def official_2027(content: Answer, changes: Iterable[dict[str, str]] = ()) -> Answer:
    """The calendar with 2027 official: the statutory days as they were, and what the paper changes."""
    changed = {each["date"]: each for each in changes}
    days = [each for each in content["days"] if each["date"] not in changed]
    confirmed = [
        {**each, "status": "official", "source": PAPER} if each["date"] > "2027" else each for each in days
    ]
    return {**content, "days": [*confirmed, *changed.values()]}
