"""All that a draft would move can be read, page by page, however much it is."""

import pytest

from tests.escalation.policies import draft
from tests.escalation.test_policies import LONGER_BREAK, calendar, in_december
from tests.inprocess import InProcess

PREVIEW = "/v1/policies/calendars/drafts/HK-2027.1/preview"


async def test_every_move_is_listed_once_and_those_of_a_ticket_on_one_page(
    hotline: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("escalation.foresee.SHOWN", 3)
    tickets = sorted([(await in_december(hotline))["id"] for _ in range(5)])
    await draft(hotline, "calendars", "HK-2027.1", await calendar(hotline, LONGER_BREAK))
    client = await hotline.client("supervisor")
    pages = [(await client.get(PREVIEW)).json()]
    while pages[-1]["next"] and len(pages) < len(tickets):
        pages.append((await client.get(PREVIEW, params={"cursor": pages[-1]["next"]})).json())
    listed = [[(each["ticket"], each["clock"]) for each in page["moves"]] for page in pages]
    assert [[ticket for ticket, _ in page] for page in listed] == [
        [each for each in two for _ in range(2)] for two in (tickets[:2], tickets[2:4], tickets[4:])
    ]
    assert len({move for page in listed for move in page}) == 10
    assert {(page["moved"], page["preview"]) for page in pages} == {(10, pages[0]["preview"])}


async def test_a_cursor_that_is_none_of_ours_is_refused(hotline: InProcess) -> None:
    await draft(hotline, "calendars", "HK-2027.1")
    answer = await (await hotline.client("supervisor")).get(PREVIEW, params={"cursor": "x"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")
