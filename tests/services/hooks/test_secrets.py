"""Secrets are a department's own: shown once, rotated, ended, and nobody else's business."""

import asyncio

from tests.inprocess import InProcess
from tests.services.hooks.systems import DEPARTMENT, OTHER, register

PATH = f"/v1/hooks/{DEPARTMENT}/secrets"


async def test_a_secret_is_shown_once_and_is_not_in_the_answer_kept_for_its_key(hotline: InProcess) -> None:
    client = await hotline.client("department", DEPARTMENT)
    once = {"idempotency-key": "once"}
    first = (await client.post(PATH, json={}, headers=once)).json()
    assert first["secret"].startswith("whsec_")
    assert (await client.post(PATH, json={}, headers=once)).json() == first
    listed = await client.get(PATH)
    assert first["secret"] not in listed.text
    assert listed.json() == [{**first, "secret": None}]
    (kept,) = await hotline.rows("SELECT convert_from(body, 'UTF8') AS body FROM idempotency_keys")
    assert first["secret"] not in kept.body


async def test_a_department_has_to_do_with_its_own_secrets_only(hotline: InProcess) -> None:
    mine = await register(hotline)
    stranger = await hotline.client("department", OTHER)
    one = f"{PATH}/{mine['id']}"
    answers = [
        await stranger.post(PATH, json={}),
        await stranger.get(PATH),
        await stranger.post(f"{one}/rotate", json={}),
        await stranger.delete(one),
        await stranger.delete(f"/v1/hooks/{OTHER}/secrets/{mine['id']}"),
    ]
    assert [each.status_code for each in answers] == [404] * 5
    for role in ("agent", "supervisor"):
        assert (await (await hotline.client(role)).get(PATH)).status_code == 403
    admin = await hotline.client("admin")
    assert [each["ends_at"] for each in (await admin.get(PATH)).json()] == [None]
    assert (await admin.post(PATH, json={})).json()["created_by"] == "admin:admin"


async def test_a_rotation_lets_the_old_secret_last_for_the_overlap_and_never_longer(
    hotline: InProcess,
) -> None:
    mine = await register(hotline)
    client = await hotline.client("department", DEPARTMENT)
    path = f"{PATH}/{mine['id']}/rotate"
    new = (await client.post(path, json={"overlap_hours": 1})).json()
    assert new["secret"] not in (None, mine["secret"])
    await client.post(path, json={"overlap_hours": 100})
    old, *_ = (await client.get(PATH)).json()
    assert old["ends_at"] == "2026-11-23T02:00:00Z"
    assert (await client.post(path, json={"overlap_hours": 0})).status_code == 201
    assert (await client.post(path, json={})).status_code == 404
    for hours in (-1, 169, "x"):
        assert (await client.post(path, json={"overlap_hours": hours})).status_code == 422


async def test_a_department_has_five_secrets_at_most_however_many_ask_at_once(hotline: InProcess) -> None:
    client = await hotline.client("department", DEPARTMENT)
    answers = await asyncio.gather(*(client.post(PATH, json={}) for _ in range(7)))
    assert sorted(each.status_code for each in answers) == [201] * 5 + [409] * 2
    (first, *_) = (await client.get(PATH)).json()
    assert (await client.delete(f"{PATH}/{first['id']}")).status_code == 204
    assert (await client.post(PATH, json={})).status_code == 201


async def test_a_secret_that_cannot_be_is_refused(hotline: InProcess) -> None:
    admin = await hotline.client("admin")
    answer = await admin.post("/v1/hooks/no-such-department/secrets", json={})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_department")
    client = await hotline.client("department", DEPARTMENT)
    for body, pointer in (({"certificate": "AB:CD"}, "/certificate"), ({"secret": "mine"}, "/secret")):
        answer = await client.post(PATH, json=body)
        assert (answer.status_code, answer.json()["pointer"]) == (422, pointer)
    assert (await client.get(PATH)).json() == []
