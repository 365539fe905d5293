"""Secrets change without a post that cannot be verified, and are shown to nobody but who asked for them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from structlog.testing import capture_logs

from services.webhooks.domain.signing import MOST_OLD_SECRETS
from tests.inprocess import InProcess
from tests.services.webhooks.test_delivery import DEPARTMENT, NOISE, OTHER, delivering, subscribe, until
from tests.services.webhooks.test_vendors_promises import all_taken
from tests.sink import Received, Sink

KEPT = "SELECT convert_from(body, 'UTF8') AS body FROM idempotency_keys"


async def rotated(hotline: InProcess, endpoint: dict[str, Any], hours: int, key: str) -> dict[str, Any]:
    client = await hotline.client("department", DEPARTMENT)
    path, body = f"/v1/webhooks/endpoints/{endpoint['id']}/rotate", {"overlap_hours": hours}
    answer = await client.post(path, json=body, headers={"idempotency-key": key})
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def signed_by(received: Received, secrets: list[str]) -> list[bool]:
    found = []
    for each in secrets:
        try:
            Webhook(each).verify(received.body, received.headers)
            found.append(True)
        except WebhookVerificationError:
            found.append(False)
    return found


async def test_old_secrets_sign_until_their_overlap_ends_and_none_after_one_that_is_known_to_others(
    hotline: InProcess, sink: Sink
) -> None:
    endpoint = await subscribe(hotline, sink.url)
    secrets = [endpoint["secret"]]
    seen: list[list[bool]] = []
    async with delivering(hotline):
        for hours, later in ((24, 1), (48, 23), (48, 0), (0, 0)):
            secrets.append((await rotated(hotline, endpoint, hours, f"{len(secrets)}"))["secret"])
            hotline.clock.time += timedelta(hours=later)
            await hotline.call(**NOISE)
            count = len(seen) + 1
            received = await sink.wait(lambda all_, wanted=count: len(all_) == wanted)  # type: ignore[misc]
            seen.append(signed_by(received[-1], secrets))
            await all_taken(hotline)
    assert seen == [
        [True, True],
        [False, True, True],
        [False, True, True, True],
        [False, False, False, False, True],
    ]


async def test_so_many_old_secrets_sign_and_no_more_until_one_has_ended_or_all_are_ended(
    hotline: InProcess,
) -> None:
    endpoint = await subscribe(hotline, "https://oa.example.gov.cn/hook")
    client = await hotline.client("department", DEPARTMENT)
    path = f"/v1/webhooks/endpoints/{endpoint['id']}/rotate"
    for each in range(MOST_OLD_SECRETS):
        assert (await client.post(path, json={"overlap_hours": 1 + each})).status_code == 200
    first_ends = hotline.clock.now() + timedelta(hours=1)
    refused = await client.post(path, json={"overlap_hours": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_old_secrets")
    assert datetime.fromisoformat(refused.json()["first_ends_at"]) == first_ends
    hotline.clock.time = first_ends
    assert (await client.post(path, json={"overlap_hours": 9})).status_code == 200
    assert (await client.post(path, json={"overlap_hours": 9})).status_code == 409
    assert (await client.post(path, json={"overlap_hours": 0})).status_code == 200
    (row,) = await hotline.rows("SELECT old_secrets FROM webhook_endpoints")
    assert row.old_secrets == []


async def test_a_rotation_sent_again_shows_its_secret_and_keeps_none(hotline: InProcess) -> None:
    endpoint = await subscribe(hotline, "https://oa.example.gov.cn/hook")
    first = await rotated(hotline, endpoint, 24, "once")
    assert await rotated(hotline, endpoint, 24, "once") == first
    hotline.clock.time += timedelta(seconds=1)
    second = await rotated(hotline, endpoint, 24, "twice")
    assert (await rotated(hotline, endpoint, 24, "once"))["secret"] is None  # it is an old one now
    kept = "".join(row.body for row in await hotline.rows(KEPT))
    admin = await hotline.client("admin")
    listed = (await admin.get("/v1/webhooks/endpoints")).text
    for secret in (endpoint["secret"], first["secret"], second["secret"]):
        assert secret.startswith("whsec_")
        assert secret not in kept + listed


@pytest.mark.parametrize(
    ("path", "body"), [("rotate", {}), ("test", {}), ("test", {"type": "ticket.closed"})]
)
async def test_only_its_department_changes_or_tries_an_endpoint_and_only_while_it_lives(
    hotline: InProcess, path: str, body: dict[str, str]
) -> None:
    endpoint = await subscribe(hotline, "https://oa.example.gov.cn/hook")
    here = f"/v1/webhooks/endpoints/{endpoint['id']}"
    owner, stranger = [await hotline.client("department", each) for each in (DEPARTMENT, OTHER)]
    answer = await stranger.post(f"{here}/{path}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "endpoint_not_found")
    assert (await owner.delete(here)).status_code == 204
    answer = await owner.post(f"{here}/{path}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "endpoint_ended")


async def test_an_example_of_a_type_nobody_knows_and_a_choosy_post_b_are_refused(hotline: InProcess) -> None:
    endpoint = await subscribe(hotline, "https://oa.example.gov.cn/hook")
    client = await hotline.client("department", DEPARTMENT)
    answer = await client.post(f"/v1/webhooks/endpoints/{endpoint['id']}/test", json={"type": "ticket.eaten"})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["pointer"]) == (422, "invalid", "/type")
    second = {"department": DEPARTMENT, "url": "https://oa.example.gov.cn/b", "post": "B"}
    for more in ({"types": ["ticket.closed"]}, {"filter": {"role": "co"}}):
        assert (await client.post("/v1/webhooks/endpoints", json={**second, **more})).status_code == 422


async def test_deliveries_are_found_by_ticket_endpoint_state_and_time(hotline: InProcess) -> None:
    first, second = [await subscribe(hotline, f"https://oa.example.gov.cn/{each}") for each in "ab"]
    client = await hotline.client("department", DEPARTMENT)
    tickets = []
    for _ in range(2):
        tickets.append((await hotline.call(**NOISE))["id"])
        hotline.clock.time += timedelta(hours=1)
    await hotline.rows(
        "UPDATE webhook_deliveries SET next_attempt_at = NULL, dead_at = created_at"
        " WHERE id = (SELECT min(id) FROM webhook_deliveries) RETURNING id"
    )
    an_hour_ago = (hotline.clock.now() - timedelta(hours=1)).isoformat()

    async def found(**query: str) -> list[tuple[str, str]]:
        answer = await client.get("/v1/webhooks/deliveries", params=query)
        assert answer.status_code == 200, answer.text
        return [(each["ticket"], each["endpoint"]) for each in answer.json()["items"]]

    everything = [(ticket, each["id"]) for ticket in tickets for each in (first, second)]
    assert sorted(await found()) == sorted(everything)
    assert sorted(await found(ticket=tickets[1])) == sorted(everything[2:])
    assert await found(endpoint=second["id"]) == [(each, second["id"]) for each in reversed(tickets)]
    assert [each[0] for each in await found(state="dead")] == [tickets[0]]
    assert len(await found(state="waiting")) == 3
    assert await found(state="delivered") == []
    assert sorted(await found(since_at=an_hour_ago)) == sorted(everything[2:])
    assert sorted(await found(until_at=an_hour_ago)) == sorted(everything[:2])
    stranger = await hotline.client("department", OTHER)
    assert (await stranger.get("/v1/webhooks/deliveries")).json()["items"] == []
    assert (await stranger.get("/v1/webhooks/deliveries/1")).json()["code"] == "delivery_not_found"


async def test_no_secret_is_logged_or_kept_with_an_attempt(hotline: InProcess, sink: Sink) -> None:
    endpoint = await subscribe(hotline, sink.url)
    sink.status = 410
    with capture_logs() as logs:
        secret = (await rotated(hotline, endpoint, 24, "once"))["secret"]
        async with delivering(hotline):
            await hotline.call(**NOISE)
            query = "SELECT a.* FROM webhook_attempts a"
            (attempt,) = await until(lambda: hotline.rows(query), lambda rows: len(rows) == 1)
    assert {each["event"] for each in logs} >= {"delivery_failed", "endpoint_ended"}
    assert attempt.headers["webhook-signature"].count("v1,") == 2
    for each in (endpoint["secret"], secret):
        assert each not in f"{logs} {attempt}"
