"""Files hang on a ticket by reference: allowed kinds only, each digest once, never fetched."""

import asyncio
from typing import Any

import pytest

from intake.domain.attachment import MEDIA_TYPES, check_attachment
from schemas.errors import Invalid
from schemas.ticket import Attachment
from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106002000"}
PHOTO = {
    "url": "https://files.example.gov.cn/2026/11/a.jpg",
    "media_type": "image/jpeg",
    "sha256": "a" * 64,
    "size": 20_000,
    "name": "现场.jpg",
}
RECORDING = {"url": "https://files.example.gov.cn/call", "media_type": "audio/mpeg", "sha256": "b" * 64}


async def attach(hotline: InProcess, ticket: Answer, *, match: str = "*", **given: Any) -> Answer:
    client = await hotline.client()
    path = f"/v1/tickets/{ticket['id']}/attachments"
    answer = await client.post(path, json={**PHOTO, **given}, headers={"if-match": match})
    return {"http": answer.status_code, **answer.json()}


async def listed(hotline: InProcess, ticket: Answer, *who: str) -> list[Answer]:
    client = await hotline.client(*(who or ("agent",)))
    answer = await client.get(f"/v1/tickets/{ticket['id']}/attachments")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]  # type: ignore[no-any-return]


async def test_a_file_hangs_on_its_ticket_and_the_history_says_so(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    made = await attach(hotline, ticket)
    assert (made["http"], made["added_by"]) == (201, "agent:agent")
    assert [each["url"] for each in await listed(hotline, ticket)] == [PHOTO["url"]]
    now = await hotline.ticket(ticket["id"])
    assert now["version"] == ticket["version"] + 1


async def test_the_same_bytes_are_the_same_attachment(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    made = await asyncio.gather(*(attach(hotline, ticket, url=f"https://x.cn/{n}.jpg") for n in range(5)))
    assert sorted(each["http"] for each in made) == [200, 200, 200, 200, 201]
    assert len({each["url"] for each in made}) == 1
    assert len(await listed(hotline, ticket)) == 1


async def test_files_of_a_call_hang_on_the_ticket_it_becomes(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE, attachments=[PHOTO, RECORDING])
    assert {each["sha256"] for each in await listed(hotline, ticket)} == {"a" * 64, "b" * 64}
    client = await hotline.client()
    bad = {"title": "x", "text": "x", "attachments": [PHOTO, {**PHOTO, "media_type": "text/html"}]}
    refused = await client.post("/v1/tickets", json=bad)
    assert (refused.status_code, refused.json()["pointer"]) == (422, "/attachments/1/media_type")


async def test_a_recording_is_not_for_departments(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE, attachments=[PHOTO, RECORDING])
    shown = await listed(hotline, ticket, "department", ticket["department"])
    assert [each["media_type"] for each in shown] == ["image/jpeg"]
    stranger = await hotline.client("department", "water-group")
    assert (await stranger.get(f"/v1/tickets/{ticket['id']}/attachments")).status_code == 404


async def test_a_file_for_an_older_version_or_a_closed_ticket_is_refused(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    stale = await attach(hotline, ticket, match='"1"')
    assert (stale["http"], stale["code"]) == (412, "stale_version")
    client = await hotline.client()
    await client.post(f"/v1/tickets/{ticket['id']}/withdraw", json={"because": "撤回"})
    await client.post(f"/v1/tickets/{ticket['id']}/close", json={})
    closed = await attach(hotline, ticket)
    assert (closed["http"], closed["code"]) == (409, "illegal_transition")
    assert await listed(hotline, ticket) == []


async def test_a_department_reads_neither_in_a_files_name_nor_in_an_address_who_called(
    hotline: InProcess,
) -> None:
    place = {**NOISE, "address": "欧阳锋云家,滨海大道1号"}
    ticket = await hotline.call(**place, caller={"name": "欧阳锋云", "phone": "13800138000"})
    await attach(hotline, ticket, name="欧阳锋云的照片.jpg")
    owner = await hotline.client("department", ticket["department"])
    (kept,) = (await owner.get(f"/v1/tickets/{ticket['id']}/attachments")).json()["items"]
    assert kept["name"] == "[姓名]的照片.jpg"
    assert (await owner.get(f"/v1/tickets/{ticket['id']}")).json()["address"] == "[姓名]家,滨海大道1号"
    assert (await hotline.ticket(ticket["id"]))["address"] == place["address"]


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"media_type": "image/svg+xml"}, "/media_type"),
        ({"media_type": "text/html"}, "/media_type"),
        ({"media_type": "application/x-msdownload"}, "/media_type"),
        ({"media_type": "image/png"}, "/url"),
        ({"url": "https://x.cn/a.exe"}, "/url"),
        ({"url": "https://x.cn/a.php?f=a.jpg"}, "/url"),
        ({"url": "https://x.cn/a%2Eexe"}, "/url"),
        ({"url": "file:///etc/passwd"}, "/url"),
        ({"url": "javascript:alert(1)"}, "/url"),
        ({"url": "https://user:secret@x.cn/a.jpg"}, "/url"),
        ({"url": "https://[x/a.jpg"}, "/url"),
        ({"url": "a.jpg"}, "/url"),
        ({"name": "a.exe"}, "/name"),
        ({"sha256": "A" * 64}, "/sha256"),
        ({"sha256": "a" * 63}, "/sha256"),
        ({"size": 0}, "/size"),
        ({"size": 10**12}, "/size"),
    ],
)
async def test_a_file_that_is_not_what_it_says_is_refused(
    hotline: InProcess, given: dict[str, Any], pointer: str
) -> None:
    ticket = await hotline.call(**NOISE)
    refused = await attach(hotline, ticket, **given)
    assert (refused["http"], refused["pointer"]) == (422, pointer)


@pytest.mark.parametrize("media_type", sorted(MEDIA_TYPES))
def test_every_allowed_type_is_taken_under_each_of_its_endings(media_type: str) -> None:
    for ending in (*MEDIA_TYPES[media_type], MEDIA_TYPES[media_type][0].upper()):
        url = f"https://x.cn/files/1.{ending}?token=1.2"
        check_attachment(Attachment(url=url, media_type=media_type, sha256="0" * 64))
    for url in ("https://x.cn/download", "https://x.cn/v1.2/9f86d081", "oss://bucket/key"):
        check_attachment(Attachment(url=url, media_type=media_type, sha256="0" * 64))
    with pytest.raises(Invalid):
        check_attachment(Attachment(url="https://x.cn/1.html", media_type=media_type, sha256="0" * 64))
