"""A ticket that is taken back leaves nobody with it, and what was adjudicated stays so."""

from tests.inprocess import InProcess
from tests.router.desk import person
from tests.router.test_co_handling import HELPER, helped
from tests.router.test_returns import AGENT, DECIDED, NOISE, SUPERVISOR, disputed, owner, post

BECAUSE = {"note": "同一事项"}


async def test_who_helped_a_ticket_that_joins_another_is_let_go_and_asked_anew(hotline: InProcess) -> None:
    parent, ticket = await hotline.call(**NOISE), await helped(hotline)
    assert (await post(hotline, ticket, "join", AGENT, {"parent": parent["id"], **BECAUSE}))["http"] == 200
    (row,) = await hotline.rows(
        "SELECT status, co_departments, return_until_at FROM tickets WHERE id = :id", id=ticket["id"]
    )
    assert (row.status, row.co_departments, row.return_until_at) == ("joined", [], None)
    query = "SELECT ended_because FROM co_handlings"
    assert [each.ended_because for each in await hotline.rows(query)] == ["recalled"]
    running = "SELECT * FROM deadlines WHERE clock <> 'citizen' AND settled_at IS NULL AND ticket_id = :id"
    assert await hotline.rows(running, id=ticket["id"]) == []

    assert (await post(hotline, ticket, "part", AGENT, BECAUSE))["http"] == 200
    assert (await hotline.ticket(ticket["id"]))["status"] == "assigned"
    assert (await (await hotline.client(*HELPER)).get(f"/v1/tickets/{ticket['id']}")).status_code == 404


async def test_what_was_adjudicated_is_joined_to_nothing(hotline: InProcess) -> None:
    parent, ticket = await hotline.call(**NOISE), await disputed(hotline)
    await post(hotline, ticket, "adjudicate", SUPERVISOR, DECIDED)
    refused = await post(hotline, ticket, "join", AGENT, {"parent": parent["id"], **BECAUSE})
    assert (refused["http"], refused["code"]) == (409, "adjudication_binds")
    assert (await hotline.ticket(ticket["id"]))["status"] == "assigned"


async def test_a_joined_ticket_that_comes_into_confidence_stands_alone(hotline: InProcess) -> None:
    parent, ticket = await hotline.call(**NOISE), await hotline.call(**NOISE)
    agent = await person(hotline, "甲")
    await agent.post(f"/tickets/{ticket['id']}/join", {"parent": parent["id"], **BECAUSE})
    said = {"because": "举报", "category": "140400"}
    assert (await agent.post(f"/tickets/{ticket['id']}/correct", said))["http"] == 200
    await hotline.drain()
    for step in ("sign", "contact", "resolve"):
        assert (await post(hotline, parent, step, owner(parent), {"note": "已处理"}))["http"] == 200
    (row,) = await hotline.rows(
        "SELECT status, confidential, parent FROM tickets WHERE id = :id", id=ticket["id"]
    )
    assert (row.status, row.confidential, row.parent) == ("triage", True, None)


async def test_a_ticket_in_confidence_looks_like_none_to_an_agent_who_would_join_it(
    hotline: InProcess,
) -> None:
    secret = await hotline.register(category="140400", division="460106002000", text="执法人员收钱")
    await hotline.drain()
    ticket, agent = await hotline.call(**NOISE), await person(hotline, "甲")
    for parent in (secret["id"], "HK2026112300009999"):
        refused = await agent.post(f"/tickets/{ticket['id']}/join", {"parent": parent, **BECAUSE})
        assert (refused["http"], refused["code"]) == (404, "ticket_not_found")
