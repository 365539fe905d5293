"""Only what a department's own system signed, just now, is let in; nobody else learns anything."""

from datetime import timedelta
from typing import Any

from services.settings import HookSettings
from tests.conftest import MONDAY, ROLES
from tests.inprocess import InProcess
from tests.services.hooks.systems import DEPARTMENT, NOISE, OTHER, System, inbox, register

HEADER = "X-Client-Fingerprint"


async def test_a_signed_command_is_taken_without_a_key_and_answered_with_what_comes_next(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    answer = await system.order("sign", ticket, "msg_1", data={"note": "二科承办"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    told = answer.json()
    assert (told["id"], told["command"], told["ticket"], told["outcome"]) == (
        "msg_1",
        "sign",
        ticket["id"],
        "applied",
    )
    now = await hotline.ticket(ticket["id"])
    assert {name: told["state"][name] for name in ("status", "version", "department", "due_at")} == {
        name: now[name] for name in ("status", "version", "department", "due_at")
    }
    assert {"contact", "feedback", "resolve", "return", "ask_extension"} <= set(told["state"]["actions"])
    client = await hotline.client()
    (*_, last) = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()
    assert (last["step"], last["actor"], last["note"]) == ("sign", f"department:{DEPARTMENT}", "二科承办")


async def test_who_did_not_sign_rightly_is_told_the_same_whoever_they_say_they_are(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    said = {"command": "sign", "ticket": ticket["id"]}
    body = b'{"command":"sign","ticket":"%s"}' % ticket["id"].encode()
    good = system.signed(body)
    system.secrets = ["whsec_" + "A" * 43 + "="]
    forged = [
        await system.post(body, {}),
        await system.post(b"x", good),
        await system.post(body, good, OTHER),
        await system.post(body, good, "no-such-department"),
        await system.say(said),
        await system.say({**said, "ticket": "HK2026112399999999"}),
    ]
    assert [(each.status_code, each.json()["code"]) for each in forged] == [(401, "bad_signature")] * 6
    assert {each.headers["content-type"] for each in forged} == {"application/problem+json"}
    assert len({each.json()["detail"] for each in forged[1:]}) == 1
    assert (await hotline.ticket(ticket["id"]))["status"] == "assigned"
    assert await inbox(hotline) == []
    shown = await (await hotline.client("admin")).get("/metrics")
    assert 'hotline_hook_messages_refused_total{code="bad_signature"} 6' in shown.text


async def test_a_message_of_more_than_five_minutes_ago_or_ahead_is_refused_with_both_times(
    hotline: InProcess, system: System
) -> None:
    ticket = await hotline.call(**NOISE)
    said = {"command": "sign", "ticket": ticket["id"]}
    for off in (timedelta(minutes=5, seconds=1), -timedelta(minutes=5, seconds=1)):
        answer = await system.say(said, at=hotline.clock.now() + off)
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (401, "signature_expired")
        assert problem["now_at"] == hotline.clock.now().isoformat()
        assert problem["signed_at"] == (hotline.clock.now() + off).isoformat()
    assert (await system.say(said, at=hotline.clock.now() - timedelta(minutes=5))).status_code == 200


async def test_a_copy_sent_when_the_window_is_over_is_refused(hotline: InProcess, system: System) -> None:
    ticket = await hotline.call(**NOISE)
    body = b'{"command":"sign","ticket":"%s"}' % ticket["id"].encode()
    signed = system.signed(body)
    assert (await system.post(body, signed)).status_code == 200
    hotline.clock.time += timedelta(minutes=5, seconds=1)
    assert (await system.post(body, signed)).json()["code"] == "signature_expired"


async def test_in_a_rehearsal_a_system_signs_by_its_own_clock(hotline: InProcess, system: System) -> None:
    ticket = await hotline.call(**NOISE)
    hotline.clock.moved = timedelta(days=3)
    assert (await system.say({"command": "sign", "ticket": ticket["id"]})).status_code == 200
    shown = await system.say({"command": "contact", "ticket": ticket["id"]}, at=hotline.clock.now())
    assert (shown.status_code, shown.json()["code"]) == (401, "signature_expired")


async def test_an_old_secret_signs_until_its_overlap_is_over_and_a_new_one_at_once(
    hotline: InProcess, system: System
) -> None:
    client = await hotline.client("department", DEPARTMENT)
    (known,) = (await client.get(f"/v1/hooks/{DEPARTMENT}/secrets")).json()
    path = f"/v1/hooks/{DEPARTMENT}/secrets/{known['id']}/rotate"
    new = (await client.post(path, json={"overlap_hours": 2})).json()["secret"]
    old = system.secrets

    async def is_taken(*secrets: str) -> bool:
        system.secrets = list(secrets)
        answer = await system.say({"command": "sign", "ticket": "HK0"})
        assert answer.status_code in (401, 404)
        return answer.status_code == 404

    assert [await is_taken(*old), await is_taken(new), await is_taken(*old, new)] == [True, True, True]
    hotline.clock.time += timedelta(hours=2)
    assert [await is_taken(*old), await is_taken(new), await is_taken(*old, new)] == [False, True, True]


async def test_an_ended_secret_signs_nothing(hotline: InProcess, system: System) -> None:
    client = await hotline.client("department", DEPARTMENT)
    (known,) = (await client.get(f"/v1/hooks/{DEPARTMENT}/secrets")).json()
    assert (await client.delete(f"/v1/hooks/{DEPARTMENT}/secrets/{known['id']}")).status_code == 204
    assert (await system.say({"command": "sign", "ticket": "HK0"})).status_code == 401


CERTIFICATES: list[tuple[str | None, dict[str, str], int]] = [
    (HEADER, {HEADER: "AB:CD"}, 404),
    (HEADER, {HEADER: "AB:CE"}, 401),
    (HEADER, {}, 401),
    (None, {HEADER: "AB:CD"}, 401),  # the setting was taken away: nobody is let in by it
]


async def test_a_secret_bound_to_a_certificate_wants_it_from_the_proxy(database_url: str) -> None:
    with_header = HookSettings(client_certificate_header=HEADER)
    async with InProcess.opened(database_url, ROLES, MONDAY, hooks=with_header) as hotline:
        bound = await register(hotline, certificate="AB:CD")
    for header, shown, status in CERTIFICATES:
        chosen = HookSettings(client_certificate_header=header)
        async with (
            InProcess.opened(database_url, ROLES, MONDAY, hooks=chosen) as hotline,
            System.opened(hotline, OTHER) as system,
        ):
            system.department, system.secrets = DEPARTMENT, [bound["secret"]]
            body = b'{"command":"sign","ticket":"HK0"}'
            signed = system.signed(body, f"msg_{header}_{len(shown)}_{status}")
            assert (await system.post(body, signed | shown)).status_code == status, (header, shown)


async def test_a_message_too_large_is_refused_before_it_is_read_through(
    hotline: InProcess, system: System
) -> None:
    body = b'{"command":"sign","ticket":"HK0","data":{"note":"' + b"x" * 1_000_000 + b'"}}'
    answer = await system.post(body, system.signed(body))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert await inbox(hotline) == []


UNREADABLE: list[tuple[bytes, str]] = [
    (b"", ""),
    (b"nothing", ""),
    (b"[]", ""),
    (b'"sign"', ""),
    (b'{"command":"sign","ticket":"HK0","data":{"note":NaN}}', ""),
    (b'{"command":"sign","ticket":"HK0","data":{"note":"\\ud800"}}', ""),
    (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, ""),
    (b"[" * 200_000, ""),
    (b'{"ticket":"HK0"}', "/command"),
    (b'{"command":"sign"}', "/ticket"),
    (b'{"command":"sign","ticket":5}', "/ticket"),
    (b'{"command":"sign","ticket":"HK\\u0000"}', "/ticket"),
    (b'{"command":"sign\\u0000","ticket":"HK0"}', "/command"),
    (b'{"command":"sign","ticket":"HK0","data":[]}', "/data"),
    (b'{"command":"sign","ticket":"HK0","wish":1}', "/wish"),
    (b'{"command":"sign","ticket":"HK0","data":{"note":"\\u0000"}}', "/data/note"),
    (b'{"command":"sign","ticket":"HK0","data":{"wish":1}}', "/data/wish"),
    (b'{"command":"resolve","ticket":"HK0","data":{}}', "/data/note"),
    (b'{"command":"eat","ticket":"HK0"}', "/command"),
    (b'{"command":"grant_extension","ticket":"HK0"}', "/command"),
    (b'{"command":"sign","ticket":"HK0","version":0}', "/version"),
    (b'{"command":"sign","ticket":"HK0","version":99999999999}', "/version"),
    (b'{"command":"sign","ticket":"HK0","occurred_at":"2026-11-23T09:00:00"}', "/occurred_at"),
    (b'{"command":"sign","ticket":"HK0","occurred_at":"9999-12-31T23:59:59Z"}', "/occurred_at"),
    (b'{"command":"sign","ticket":"HK0","by":{"name":" "}}', "/by/name"),
    (b'{"commands":[]}', "/commands"),
    (b'{"commands":{},"x":1}', "/commands"),
    (b'{"commands":[1],"x":1}', "/x"),
]


async def test_what_cannot_be_read_is_refused_with_its_place_and_kept_as_it_came(
    hotline: InProcess, system: System
) -> None:
    for at, (body, pointer) in enumerate(UNREADABLE):
        answer = await system.post(body, system.signed(body, f"msg_{at}"))
        problem: dict[str, Any] = answer.json()
        assert (answer.status_code, problem["pointer"]) == (422, pointer), body[:80]
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["code"] in ("invalid", "unknown_command")
    kept = {row.id: bytes(row.body) for row in await inbox(hotline)}
    assert kept == {f"msg_{at}": body for at, (body, _) in enumerate(UNREADABLE)}
    assert {row.status for row in await inbox(hotline)} == {422}


async def test_an_unknown_command_is_told_which_there_are(system: System) -> None:
    known = (await system.say({"command": "eat", "ticket": "HK0"})).json()["known"]
    assert {"sign", "resolve", "co_answer", "whistle"} <= set(known)
    assert not {"close", "grant_extension", "assign"} & set(known)
