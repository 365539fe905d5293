"""Every POST of the API takes an Idempotency-Key, and every change of a ticket an If-Match."""

import asyncio

import pytest

from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106002000"}
CALL = {"kind": "complaint", "title": "测试", "text": "测试来电", **NOISE}
MANY = "/v1/tickets:batch"
"""Each of its lines is registered once by its source number."""
HOOK = "/v1/hooks/{department}"
"""Its messages have an id of their own, and so has each command in them."""
READS = {"/v1/tickets/{ticket_id}/reveal"}
"""It is logged who read what; the ticket stays as it is."""


def parameters(hotline: InProcess, path: str) -> set[str]:
    declared = hotline.app.openapi()["paths"][path]["post"].get("parameters", [])
    return {each["name"].lower() for each in declared if each["in"] == "header"}


def posts(hotline: InProcess) -> list[str]:
    return [path for path, methods in hotline.app.openapi()["paths"].items() if "post" in methods]


async def test_every_post_declares_the_key(hotline: InProcess) -> None:
    keyed = [path for path in posts(hotline) if path not in (MANY, HOOK)]
    without = [path for path in keyed if "idempotency-key" not in parameters(hotline, path)]
    assert len(keyed) > 20
    assert without == []


async def test_every_change_of_a_ticket_declares_the_version(hotline: InProcess) -> None:
    changes = [path for path in posts(hotline) if path.startswith("/v1/tickets/{ticket_id}/")]
    changes = [path for path in changes if path not in READS]
    without = [path for path in changes if "if-match" not in parameters(hotline, path)]
    assert len(changes) > 10
    assert without == []


def requests(ticket: Answer) -> dict[str, tuple[str, Answer, Answer]]:
    """By name: a path, a body, and the same with something else said."""
    path = f"/v1/tickets/{ticket['id']}"
    return {
        "register": ("/v1/tickets", CALL, {**CALL, "title": "别的"}),
        "note": (f"{path}/note", {"note": "一"}, {"note": "二"}),
        "urge": (f"{path}/urge", {}, {"note": "二"}),
        "correct": (f"{path}/correct", {"title": "一", "because": "一"}, {"title": "二", "because": "一"}),
        "withdraw": (f"{path}/withdraw", {"because": "一"}, {"because": "二"}),
        "transfer": (f"{path}/transfer", {"to": "110", "note": "一"}, {"to": "120", "note": "一"}),
        "attach": (
            f"{path}/attachments",
            {"url": "https://x.cn/a.jpg", "media_type": "image/jpeg", "sha256": "a" * 64},
            {"url": "https://x.cn/b.jpg", "media_type": "image/jpeg", "sha256": "b" * 64},
        ),
    }


@pytest.mark.parametrize("name", ["register", "note", "urge", "correct", "withdraw", "transfer", "attach"])
async def test_of_many_at_once_with_one_key_one_takes_effect_and_all_are_answered_alike(
    hotline: InProcess, name: str
) -> None:
    ticket = await hotline.call(**NOISE)
    path, body, other = requests(ticket)[name]
    client = await hotline.client()
    headers = {"idempotency-key": "once"}
    answers = await asyncio.gather(*(client.post(path, json=body, headers=headers) for _ in range(8)))
    assert {(each.status_code, each.content) for each in answers} == {
        (answers[0].status_code, answers[0].content)
    }
    assert answers[0].status_code in (200, 201), answers[0].text
    mismatch = await client.post(path, json=other, headers=headers)
    assert (mismatch.status_code, mismatch.json()["code"]) == (409, "idempotency_mismatch")
    steps = await hotline.rows("SELECT 1 FROM ticket_history WHERE actor LIKE 'agent:%'")
    assert len(steps) == 2


async def test_a_refused_request_does_not_use_up_its_key(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    client = await hotline.client()
    path, headers = f"/v1/tickets/{ticket['id']}/note", {"idempotency-key": "k"}
    stale = await client.post(path, json={"note": "一"}, headers={**headers, "if-match": '"1"'})
    taken = await client.post(path, json={"note": "一"}, headers=headers)
    assert (stale.status_code, taken.status_code) == (412, 200)
