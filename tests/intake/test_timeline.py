"""A ticket's timeline tells everything in order; a department's tells it nothing of the caller."""

from datetime import timedelta

from tests.inprocess import Answer, InProcess

NOISE = {"category": "020100", "division": "460106002000"}
CALLER = {"name": "符某某", "phone": "13876543210"}
FILE = {"url": "https://files.example.gov.cn/a.jpg", "media_type": "image/jpeg", "sha256": "a" * 64}


async def timeline(hotline: InProcess, ticket: Answer, *who: str) -> list[Answer]:
    client = await hotline.client(*(who or ("agent",)))
    answer = await client.get(f"/v1/tickets/{ticket['id']}/timeline")
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def post(hotline: InProcess, ticket: Answer, name: str, **body: object) -> None:
    hotline.clock.time += timedelta(minutes=1)
    answer = await (await hotline.client()).post(f"/v1/tickets/{ticket['id']}/{name}", json=body)
    assert answer.status_code in (200, 201), answer.text
    await hotline.drain()


async def eventful(hotline: InProcess) -> Answer:
    ticket = await hotline.call(**NOISE, caller=CALLER, follows="HK2020010100000112")
    await post(hotline, ticket, "note", note="来电人符某某13876543210补充")
    await post(hotline, ticket, "attachments", **FILE)
    await post(hotline, ticket, "correct", category="010500", because="实为路灯")
    moved = await hotline.ticket(ticket["id"])
    hotline.clock.time += timedelta(minutes=1)
    await hotline.step(moved, "sign")
    await post(hotline, ticket, "urge")
    hotline.clock.time += timedelta(minutes=1)
    await hotline.step(moved, "resolve", "已修好")
    await post(hotline, ticket, "callback", outcome="solved", satisfied=True)
    return await hotline.ticket(ticket["id"])


async def test_staff_read_everything_in_the_order_it_happened(hotline: InProcess) -> None:
    ticket = await eventful(hotline)
    entries = await timeline(hotline, ticket)
    labels = [each["label"] for each in entries]
    assert labels[:3] == ["来电", "受理登记", "派单"]
    steps = [each["label"] for each in entries if each["what"] == "step"]
    assert steps == [
        *(
            "受理登记",
            "派单",
            "备注",
            "备注",
            "更正",
            "撤回派单",
            "派单",
            "签收",
            "催单",
            "办结",
            "回访",
            "结案",
        )
    ]
    assert {"来电", "关联此前工单", "附件"} <= set(labels)
    assert [each["at"] for each in entries] == sorted(each["at"] for each in entries)
    correction = next(each for each in entries if each["label"] == "更正")
    assert correction["facts"]["changed"] == {"category": ["020100", "010500"]}
    asked = next(each for each in entries if each["label"] == "回访")
    assert (asked["facts"]["attempt"], asked["facts"]["outcome"]) == (1, "solved")
    assert next(each for each in entries if each["label"] == "签收")["actor"].startswith("department:")


async def test_a_department_reads_its_own_part_and_nothing_of_the_caller(hotline: InProcess) -> None:
    ticket = await eventful(hotline)
    entries = await timeline(hotline, ticket, "department", ticket["department"])
    assert [each["label"] for each in entries] == ["受理登记", "派单", "签收", "催单", "办结", "结案"]
    assert "符某某" not in str(entries)
    assert "13876543210" not in str(entries)
    assert {each["actor"] for each in entries} == {None}
    owner = await hotline.client("department", ticket["department"])
    assert "符某某" not in (await owner.get(f"/v1/tickets/{ticket['id']}/history")).text


async def test_a_stranger_finds_no_timeline(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    stranger = await hotline.client("department", "water-group")
    assert (await stranger.get(f"/v1/tickets/{ticket['id']}/timeline")).status_code == 404


async def test_the_calls_of_a_ticket_are_shown_as_they_came(hotline: InProcess) -> None:
    client = await hotline.client()
    payload = {"title": "夜间施工", "content": "某工地夜间施工", "district": "龙华区", "call_no": "N-1"}
    first = await client.post("/v1/calls/12345", json=payload)
    assert first.status_code == 201, first.text
    gb = '{"title": "夜间施工", "content": "还在施工", "call_no": "N-1"}'.encode("gb18030")
    headers = {"content-type": "application/json; charset=gb18030"}
    again = await client.post("/v1/calls/12345", content=gb, headers=headers)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    calls = (await client.get(f"/v1/tickets/{first.json()['id']}/calls")).json()
    assert "某工地夜间施工" in calls[0]["text"]
    assert (calls[1]["text"], bool(calls[1]["base64"])) == (None, True)
    assert calls[0]["actor"] == "agent:agent"
    assert [each for each in calls[0]["evidence"] if each["words"] == "龙华区"]
    owner = await hotline.client("department", "water-group")
    assert (await owner.get(f"/v1/tickets/{first.json()['id']}/calls")).status_code == 403
    assert (await client.get("/v1/tickets/HK0/calls")).status_code == 404


async def linked(hotline: InProcess, ticket: str) -> list[tuple[str, str, bool]]:
    links = (await (await hotline.client()).get(f"/v1/tickets/{ticket}/links")).json()
    return [(each["kind"], each["ticket"], each["known"]) for each in links]


async def test_an_earlier_number_is_the_hosts_or_the_callers_own_lines(hotline: InProcess) -> None:
    earlier = await hotline.register(hotline="12315", source_number="2026-77")
    same = await hotline.register(hotline="12315", text="另一件", follows="2026-77")
    other = await hotline.register(hotline="12333", text="第三件", follows="2026-77")
    assert await linked(hotline, same["id"]) == [("follows", earlier["id"], True)]
    assert await linked(hotline, other["id"]) == [("follows", "2026-77", False)]
    assert await linked(hotline, earlier["id"]) == [("followed_by", same["id"], True)]


async def test_a_timeline_names_requests_for_time_too(hotline: InProcess) -> None:
    """Each step has a name; one without failed the whole timeline."""
    ticket = await hotline.call(category="020100", division="460106002000")
    await hotline.step(ticket, "sign")
    owner = await hotline.client("department", ticket["department"])
    asked = {"reason": "complex", "amount": 2, "note": "情况复杂", "told": "已电话告知"}
    assert (await owner.post(f"/v1/tickets/{ticket['id']}/extensions", json=asked)).status_code == 200
    answer = await (await hotline.client()).get(f"/v1/tickets/{ticket['id']}/timeline")
    assert answer.status_code == 200
    assert answer.json()[-1]["label"] == "申请延期"
