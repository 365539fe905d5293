"""Departments register where their events go, and see what is theirs and nothing else."""

import json
from typing import Any

import httpx

from services.paging import write_cursor
from services.webhooks.announce import TYPES
from tests.inprocess import InProcess

NOISE = {"category": "020100", "division": "460106002000"}
DEPARTMENT = "ecology-environment-longhua"
OTHER = "water-group"
HOOK = "https://oa.example.gov.cn/hooks/12345"


async def endpoint_of(hotline: InProcess, department: str, key: str | None = None) -> dict[str, Any]:
    client = await hotline.client("department", department)
    headers = {"idempotency-key": key} if key else {}
    body = {"department": department, "url": HOOK}
    answer = await client.post("/v1/webhooks/endpoints", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def everything_shown(client: httpx.AsyncClient) -> str:
    paths = ("/v1/webhooks/endpoints", "/v1/webhooks/deliveries")
    return "".join([(await client.get(path)).text for path in paths])


async def test_the_secret_is_shown_once_and_to_nobody_again(hotline: InProcess) -> None:
    secret = (await endpoint_of(hotline, DEPARTMENT))["secret"]
    assert secret.startswith("whsec_")
    await hotline.call(**NOISE)
    owner = await hotline.client("department", DEPARTMENT)
    assert secret not in await everything_shown(owner)
    assert secret not in await everything_shown(await hotline.client("admin"))
    assert (await owner.get("/v1/webhooks/endpoints")).json()[0]["secret"] is None


async def test_who_names_no_types_is_told_all_that_changes_what_is_to_be_done(hotline: InProcess) -> None:
    wanted = (await endpoint_of(hotline, DEPARTMENT))["types"]
    assert set(TYPES) - set(wanted) == {"ticket.closed"}
    ticket = await hotline.call(**NOISE)
    said = {"because": "问题已自行解决"}
    assert (await (await hotline.client()).post(f"/v1/tickets/{ticket['id']}/withdraw", json=said)).is_success
    await hotline.drain()
    sent = await hotline.rows("SELECT type FROM webhook_deliveries ORDER BY id")
    assert [row.type for row in sent] == ["ticket.assigned", "ticket.withdrawn"]


async def test_every_endpoint_has_a_secret_of_its_own(hotline: InProcess) -> None:
    secrets = {(await endpoint_of(hotline, DEPARTMENT))["secret"] for _ in range(3)}
    assert len(secrets) == 3


async def test_a_registration_sent_again_gets_the_same_endpoint_and_secret(hotline: InProcess) -> None:
    first = await endpoint_of(hotline, DEPARTMENT, key="once")
    assert await endpoint_of(hotline, DEPARTMENT, key="once") == first
    client = await hotline.client("department", DEPARTMENT)
    assert len((await client.get("/v1/webhooks/endpoints")).json()) == 1


async def test_a_department_sees_and_ends_its_own_endpoints_only(hotline: InProcess) -> None:
    mine, theirs = await endpoint_of(hotline, DEPARTMENT), await endpoint_of(hotline, OTHER)
    await hotline.call(**NOISE)
    client = await hotline.client("department", DEPARTMENT)
    other = await hotline.client("department", OTHER)
    assert [each["id"] for each in (await client.get("/v1/webhooks/endpoints")).json()] == [mine["id"]]
    assert len((await client.get("/v1/webhooks/deliveries")).json()["items"]) == 1
    assert (await other.get("/v1/webhooks/deliveries")).json()["items"] == []
    assert (await client.delete(f"/v1/webhooks/endpoints/{theirs['id']}")).status_code == 404
    (shown,) = (await other.get("/v1/webhooks/endpoints")).json()
    assert shown["disabled_at"] is None
    admin = await hotline.client("admin")
    assert len((await admin.get("/v1/webhooks/endpoints")).json()) == 2


async def test_an_endpoint_ended_twice_ended_when_and_as_it_did_at_first(hotline: InProcess) -> None:
    path = f"/v1/webhooks/endpoints/{(await endpoint_of(hotline, DEPARTMENT))['id']}"
    told = "UPDATE webhook_endpoints SET disabled_at = created_at, disabled_because = '410 Gone'"
    await hotline.rows(f"{told} RETURNING id")
    client = await hotline.client("department", DEPARTMENT)
    assert (await client.delete(path)).status_code == 204
    (shown,) = (await client.get("/v1/webhooks/endpoints")).json()
    assert shown["disabled_because"] == "410 Gone"
    assert (await client.delete("/v1/webhooks/endpoints/" + "0" * 32)).status_code == 404


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"department": OTHER}, "invalid", "/department"),
    ({"types": ["ticket.assigned", "ticket.eaten"]}, "invalid", "/types"),
    ({"types": []}, "invalid", "/types"),
    ({"url": "http://oa.example.gov.cn/"}, "bad_endpoint", "/url"),
    ({"url": "https://169.254.169.254/latest/meta-data"}, "bad_endpoint", "/url"),
    ({"url": "https://a..b/"}, "bad_endpoint", "/url"),
    ({"url": "https://a.cn/\x00"}, "invalid", "/url"),
    ({"url": "https://a.cn/\ud800"}, "invalid", "/url"),
    ({"url": "https://a.cn/" + "x" * 2000}, "invalid", "/url"),
    ({"secret": "whsec_mine"}, "invalid", "/secret"),
]


async def test_a_registration_that_cannot_be_is_refused_with_its_pointer(hotline: InProcess) -> None:
    client = await hotline.client("department", DEPARTMENT)
    for change, code, pointer in REFUSED:
        body = json.dumps({"department": DEPARTMENT, "url": HOOK, **change})
        headers = {"content-type": "application/json"}
        answer = await client.post("/v1/webhooks/endpoints", content=body, headers=headers)
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["pointer"]) == (422, code, pointer), change
    assert (await client.get("/v1/webhooks/endpoints")).json() == []


async def test_deliveries_are_listed_newest_first_page_by_page(hotline: InProcess) -> None:
    await endpoint_of(hotline, DEPARTMENT)
    tickets = [(await hotline.call(**NOISE))["id"] for _ in range(5)]
    client = await hotline.client("department", DEPARTMENT)
    listed: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while query.get("cursor", "") is not None:
        page = (await client.get("/v1/webhooks/deliveries", params=query)).json()
        assert 0 < len(page["items"]) <= 2
        listed += [each["ticket"] for each in page["items"]]
        query["cursor"] = page["next"]
    assert listed == tickets[::-1]


async def test_a_page_that_cannot_be_is_refused(hotline: InProcess) -> None:
    client = await hotline.client("department", DEPARTMENT)
    ours = [write_cursor(hotline.clock.now(), each) for each in ("", "x", "-1", "٣", str(2**63))]
    for query in ("limit=0", "limit=201", "cursor=bm9uc2Vuc2U=", *(f"cursor={each}" for each in ours)):
        assert (await client.get(f"/v1/webhooks/deliveries?{query}")).status_code == 422, query


async def test_a_range_of_time_that_ends_before_it_begins_is_refused(hotline: InProcess) -> None:
    client = await hotline.client("department", DEPARTMENT)
    noon, one = "2026-11-23T12:00:00+08:00", "2026-11-23T13:00:00+08:00"
    for since, until in ((one, noon), (noon, noon)):
        asked = {"since_at": since, "until_at": until}
        assert (await client.post("/v1/webhooks/replays", json=asked)).status_code == 422


async def test_an_endpoint_of_a_department_nobody_knows_is_refused(hotline: InProcess) -> None:
    body = {"department": "no-such-department", "url": HOOK}
    answer = await (await hotline.client("admin")).post("/v1/webhooks/endpoints", json=body)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "unknown_department")
    assert problem["pointer"] == "/department"
    assert await hotline.rows("SELECT * FROM webhook_endpoints") == []


async def test_the_answer_kept_for_the_same_key_does_not_hold_the_secret(hotline: InProcess) -> None:
    first = await endpoint_of(hotline, DEPARTMENT, key="once")
    assert await endpoint_of(hotline, DEPARTMENT, key="once") == first
    (kept,) = await hotline.rows("SELECT convert_from(body, 'UTF8') AS body FROM idempotency_keys")
    assert first["secret"] is not None
    assert first["secret"] not in kept.body
    assert json.loads(kept.body)["id"] == first["id"]
