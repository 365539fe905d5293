"""A contact with the caller may say how and when it was made, and show it."""

from typing import Any

import pytest

from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106002000"}
OTHER = "water-group"
RECORDING = {
    "url": "https://files.example.gov.cn/a.mp3",
    "media_type": "audio/mpeg",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
SHOWN = {
    "note": "约定下午到场",
    "way": "phone",
    "contacted_at": "2026-11-23T08:50:00+08:00",
    "evidence": [RECORDING],
    "by": {"name": "王某", "post": "科员"},
}


async def signed(hotline: InProcess) -> Answer:
    ticket = await hotline.call(**NOISE)
    await hotline.step(ticket, "sign")
    return ticket


async def contacted(hotline: InProcess, ticket: Answer, **said: Any) -> Answer:
    client = await hotline.client("department", ticket["department"])
    answer = await client.post(f"/v1/tickets/{ticket['id']}/contact", json=said)
    return {"http": answer.status_code, **answer.json()}


async def test_what_shows_a_contact_is_kept_told_and_read(hotline: InProcess) -> None:
    ticket = await signed(hotline)
    taken = await contacted(hotline, ticket, **SHOWN)
    assert (taken["http"], taken["status"]) == (200, "contacted")
    own = await hotline.client("department", ticket["department"])
    for reader in (own, await hotline.client()):
        (kept,) = (await reader.get(f"/v1/tickets/{ticket['id']}/contacts")).json()["items"]
        assert kept["version"] == taken["version"]
        assert (kept["way"], kept["contacted_at"]) == ("phone", "2026-11-23T00:50:00Z")
        assert [each["sha256"] for each in kept["evidence"]] == [RECORDING["sha256"]]
        assert kept["by"] == SHOWN["by"]
    (*_, last) = (await own.get(f"/v1/tickets/{ticket['id']}/history")).json()
    assert last["note"] == "约定下午到场;方式:电话;2026-11-23 08:50联系;联系凭证1件"
    assert last["person"] == "王某"
    query = "SELECT convert_from(body, 'utf8')::jsonb AS body FROM outbox WHERE headers::text LIKE :type"
    (event,) = await hotline.rows(query, type="%ticket.contacted%")
    assert {name: event.body[name] for name in ("way", "evidence")} == {"way": "phone", "evidence": 1}


async def test_a_contact_need_show_nothing_and_others_read_nothing_of_it(hotline: InProcess) -> None:
    ticket = await signed(hotline)
    assert (await contacted(hotline, ticket))["http"] == 200
    stranger = await hotline.client("department", OTHER)
    assert (await stranger.get(f"/v1/tickets/{ticket['id']}/contacts")).status_code == 404
    (kept,) = (await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/contacts")).json()["items"]
    assert (kept["way"], kept["contacted_at"], kept["note"], kept["evidence"], kept["by"]) == (
        None,
        None,
        None,
        [],
        None,
    )


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"contacted_at": "2026-11-23T09:05:01+08:00"}, "/contacted_at"),
        ({"way": "pigeon"}, "/way"),
        ({"evidence": [{**RECORDING, "sha256": "x"}]}, "/evidence/0/sha256"),
        ({"number": "13800138000"}, "/number"),
    ],
)
async def test_what_cannot_be_of_a_contact_is_refused(
    hotline: InProcess, said: dict[str, Any], pointer: str
) -> None:
    ticket = await signed(hotline)
    refused = await contacted(hotline, ticket, **said)
    assert (refused["http"], refused["code"], refused["pointer"]) == (422, "invalid", pointer)
    assert (await hotline.ticket(ticket["id"]))["status"] == "signed"
