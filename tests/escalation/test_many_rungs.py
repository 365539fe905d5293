"""Many rungs in one go: each once, in order, dated when it fell due, marked when late."""

from datetime import datetime, timedelta

from escalation.climb import climb_due
from schemas.events import TicketEscalated
from schemas.wire import Message, from_message
from tests.inprocess import InProcess

NOISE = {"category": "020100", "division": "460106002000"}
HOUR = timedelta(hours=1)

ANNOUNCED = """
    SELECT topic, key, headers, body FROM outbox
    WHERE key = :ticket AND headers ->> 'ce_type' = 'ticket.escalated' ORDER BY id
"""
NUMBERED = """
    SELECT h.version, h.note, e.fell_due_at, e.level FROM ticket_history AS h
    JOIN outbox AS o USING (event_id)
    JOIN escalations AS e ON e.deadline_id::text = convert_from(o.body, 'UTF8')::jsonb ->> 'deadline_id'
     AND e.level = (convert_from(o.body, 'UTF8')::jsonb ->> 'level')::int
    WHERE h.ticket_id = :ticket AND h.step = 'escalate' ORDER BY h.version
"""

TUESDAY_EIGHT = datetime.fromisoformat("2026-11-24T08:00:00+08:00")
TICKETS = """
    INSERT INTO tickets SELECT copy.* FROM tickets AS given, generate_series(1, 1250) AS number,
        jsonb_populate_record(given, jsonb_build_object('id', 'HK' || number)) AS copy RETURNING id
"""
DEADLINES = """
    WITH copies AS (
        INSERT INTO deadlines SELECT copy.* FROM deadlines AS given, generate_series(1, 5000) AS number,
            jsonb_populate_record(given, jsonb_build_object(
                'id', md5(number::text)::uuid, 'opened_by', md5(number::text)::uuid,
                'ticket_id', 'HK' || number % 1250 + 1,
                'department', CASE WHEN number % 100 = 0 THEN 'small' ELSE 'large' END,
                'schedule', jsonb_build_array(jsonb_build_array(1, '2026-11-24T00:00:00+00:00'))
            )) AS copy WHERE given.stage = 'sign' RETURNING id
    )
    INSERT INTO timers SELECT id, 0, '2026-11-24T00:00:00+00:00' FROM copies RETURNING deadline_id
"""
OTHERS_GONE = """
    DELETE FROM deadlines WHERE department IS NULL OR department NOT IN ('small', 'large') RETURNING id
"""
CARDS_OF_SMALL = "SELECT count(*) AS count FROM escalations WHERE department = 'small' AND level = 1"
CARDS = "SELECT count(*), count(DISTINCT deadline_id) FROM escalations WHERE level = 1"


async def test_after_an_outage_a_ticket_gets_each_rung_it_missed_once_in_order_and_marked_late(
    hotline: InProcess,
) -> None:
    ticket = await hotline.call(**NOISE)
    before = ticket["version"]
    hotline.clock.time += 36 * HOUR
    async with hotline.resources.database.transaction() as connection:
        assert await climb_due(connection, hotline.resources, 500) == 2  # its two clocks with rungs, at once
    noted = await hotline.rows(NUMBERED, ticket=ticket["id"])
    assert [row.version for row in noted] == [before + 1, before + 2, before + 3, before + 4]
    assert [row.fell_due_at for row in noted] == sorted(row.fell_due_at for row in noted)
    assert "迟发35小时37分" in noted[0].note  # due at 09:22:30, noticed the next day at 21:00
    assert (await hotline.ticket(ticket["id"]))["version"] == before + 4
    cards = await hotline.cards(ticket["id"])
    for each in cards:
        late = datetime.fromisoformat(each["detected_at"]) - datetime.fromisoformat(each["fell_due_at"])
        assert each["late_by"] == int(late.total_seconds())
    await hotline.later(timedelta(0))
    assert await hotline.cards(ticket["id"]) == cards


async def test_what_is_announced_of_a_rung_is_the_event_its_readers_know(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.later(HOUR)
    cards = [each for each in await hotline.cards(ticket["id"]) if each["stage"] == "sign"]
    rows = [each._asdict() for each in await hotline.rows(ANNOUNCED, ticket=ticket["id"])]
    events = [from_message(Message(**each)) for each in rows]
    assert len(events) == len(cards) == 2
    for event, row, card in zip(events, rows, cards, strict=True):
        assert isinstance(event, TicketEscalated)
        assert row["body"] == event.data.model_dump_json().encode()
        assert event.data.fell_due_at == datetime.fromisoformat(card["fell_due_at"])
        assert event.data.late_by == card["late_by"] is not None
    assert [event.version for event in events] == [ticket["version"] + 1, ticket["version"] + 2]


async def test_a_rung_in_time_is_not_marked_late(hotline: InProcess) -> None:
    ticket = await hotline.call(**NOISE)
    await hotline.advance(datetime.fromisoformat("2026-11-23T01:22:31Z"))
    (card,) = await hotline.cards(ticket["id"])
    assert card["late_by"] is None


async def test_e6_five_thousand_due_at_once_are_handled_in_turn_and_a_small_department_does_not_wait(
    hotline: InProcess,
) -> None:
    """Nobody's cards wait until those of a large department are out."""
    await hotline.call(**NOISE)
    for statement in (TICKETS, DEADLINES, OTHERS_GONE):
        await hotline.rows(statement)
    hotline.clock.time = TUESDAY_EIGHT
    small = []
    while True:
        async with hotline.resources.database.transaction() as connection:
            if not await climb_due(connection, hotline.resources, 500):
                break
        small.append((await hotline.rows(CARDS_OF_SMALL))[0].count)
    assert len(small) == 11  # at last, that both departments were red at signing too often
    assert 0 < small[0] < small[4] < small[9] == 50
    assert [tuple(row) for row in await hotline.rows(CARDS)] == [(5000, 5000)]
