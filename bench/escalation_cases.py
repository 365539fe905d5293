"""Tickets whose clocks have rungs due, made up in the database; and the floor: the same by SQL alone."""

import asyncio
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

CLOCKS = 4
"""Of each ticket: sign, contact, feedback, completion."""
BATCH = 500
CONNECTIONS = 3
STARTED = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)

FILL_TICKETS = """
INSERT INTO tickets (id, hotline, kind, urgency, live, title, text, category, division, address, caller,
    status, version, accepted_at, department, assignment_id, department_name, department_because, due_at,
    due_because)
SELECT 'HK20261123' || lpad(number::text, 8, '0'), '12345', 'complaint', 'general', false, '夜间施工噪声扰民',
    '市民来电反映:滨海大道' || number || '号附近工地夜间十一点后仍在施工,噪声很大,影响休息,请有关部门处理。',
    '020100', '460106002000', '滨海大道' || number || '号', '{"type": "person", "phone": "+8613800000000"}',
    'signed', 3, $2, 'department-' || number % 100, gen_random_uuid(), '某单位', '依据派单目录', $2,
    '一般诉求五个工作日'
FROM generate_series(1, $1::int) AS number
"""
FILL_DEADLINES = """
WITH opened AS (
INSERT INTO deadlines (id, ticket_id, opened_by, clock, stage, assignment_id, department, started_at, amount,
    unit, due_at, provisional, rule, versions, schedule)
SELECT gen_random_uuid(), 'HK20261123' || lpad((number / $6::int + 1)::text, 8, '0'), gen_random_uuid(),
    'department', (ARRAY['sign', 'contact', 'feedback', 'completion'])[number % 4 + 1], gen_random_uuid(),
    'department-' || (number / $6 + 1) % 100, $2, 30, 'working_minutes', falls + interval '1 hour', false,
    'general', $3, jsonb_build_array(
        jsonb_build_array(0, to_char(falls AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')),
        jsonb_build_array(1, '2030-01-01T00:00:00+00:00'))
FROM generate_series(0, $1::int - 1) AS number,
    LATERAL (SELECT (hashint4extended(number, 1) & 65535) / 65536.0 AS share) AS spread,
    LATERAL (SELECT $4::timestamptz + $5::interval * share AS falls) AS given
RETURNING id, (schedule -> 0 ->> 1)::timestamptz AS falls
)
INSERT INTO timers SELECT id, 0, falls FROM opened
"""

FLOOR = """
WITH due AS (
    SELECT d.*, m.next_rung, m.next_rung_at, t.version, t.status
    FROM timers AS m JOIN deadlines AS d ON d.id = m.deadline_id JOIN tickets AS t ON t.id = d.ticket_id
    WHERE m.next_rung_at <= $1 ORDER BY m.next_rung_at, m.deadline_id LIMIT $2
    FOR NO KEY UPDATE OF m, t SKIP LOCKED
), numbered AS (
    SELECT *, uuidv7() AS card_id, uuidv7() AS event,
           version + row_number() OVER (PARTITION BY ticket_id ORDER BY next_rung_at) AS number FROM due
), card AS (
    INSERT INTO escalations (id, deadline_id, ticket_id, clock, stage, level, name, card, receiver, effect,
        department, due_at, fell_due_at, detected_at)
    SELECT card_id, id, ticket_id, clock, stage, 0, '催办', 'yellow', 'operator', '发催办通知',
        department, due_at, next_rung_at, $1 FROM numbered
), notice AS (
    INSERT INTO supervision_notices (id, kind, ticket_id, department, deadline_id, clock, stage, level, name,
        card, says, addressee, roles, to_department, created_at, deliver_at, updated_at)
    SELECT card_id, 'rung', ticket_id, department, id, clock, stage, 0, '催办', 'yellow', '发催办通知',
        jsonb_build_object('role', 'operator', 'name', '承办人', 'post', 'A岗', 'unit', department,
            'phone', '+8613800000000', 'department', department, 'because', null),
        ARRAY['operator'], department, $1, $1, $1 FROM numbered
), entry AS (
    INSERT INTO ticket_history (ticket_id, version, step, status, at, actor, note, event_id)
    SELECT ticket_id, number, 'escalate', status, $1, 'escalation', '催办,发催办通知', event FROM numbered
), told AS (
    INSERT INTO outbox (event_id, topic, key, headers, body)
    SELECT event, 'hotline.tickets.v1', ticket_id, jsonb_build_object('ce_specversion', '1.0', 'ce_id', event,
            'ce_source', '/hotline/12345', 'ce_type', 'ticket.escalated', 'ce_subject', ticket_id,
            'ce_time', $1::timestamptz, 'ce_sequence', number::text, 'content-type', 'application/json'),
        convert_to(jsonb_build_object('deadline_id', id, 'clock', clock, 'stage', stage, 'level', 0,
            'name', '催办', 'card', 'yellow', 'receiver', 'operator', 'effect', '发催办通知',
            'department', department, 'due_at', due_at, 'fell_due_at', next_rung_at,
            'detected_at', $1::timestamptz)::text, 'UTF8') FROM numbered
), counted AS (
    UPDATE tickets SET version = latest.number
    FROM (SELECT ticket_id, max(number) AS number FROM numbered GROUP BY 1) AS latest
    WHERE tickets.id = latest.ticket_id
), moved AS (
    UPDATE timers AS m SET next_rung = m.next_rung + 1,
        next_rung_at = (numbered.schedule -> (m.next_rung + 1) ->> 1)::timestamptz
    FROM numbered WHERE m.deadline_id = numbered.id
)
SELECT count(*) FROM numbered
"""


@dataclass(frozen=True)
class Fill:
    """So many deadlines whose next rung falls due, evenly, from then on within that time."""

    deadlines: int
    since: datetime
    within: timedelta
    clocks: int = CLOCKS

    @property
    def until(self) -> datetime:
        """When the last has fallen due."""
        return self.since + self.within


async def fill(dsn: str, given: Fill, versions: dict[str, str]) -> None:
    """Write tickets and their clocks, without checking foreign keys, and let the database look at them."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(FILL_TICKETS, given.deadlines // given.clocks + 1, STARTED)
        told = (STARTED, json.dumps(versions), given.since, given.within, given.clocks)
        await connection.execute(FILL_DEADLINES, given.deadlines, *told)
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


async def floor(dsn: str, now: datetime, most: float) -> None:
    """Climb one rung of everything that is due, by one statement a batch, for so many seconds at most."""
    until = time.perf_counter() + most

    async def work() -> None:
        connection = await asyncpg.connect(dsn, server_settings={"jit": "off"})
        while time.perf_counter() < until and await connection.fetchval(FLOOR, now, BATCH):
            pass
        await connection.close()

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
