"""The demo against a running rehearsal: what it says it did is what the database holds."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.journeys.conftest import HAIKOU
from tests.journeys.ways import Embedded, Way

A_SUNDAY = datetime(2026, 11, 22, 12, 0, tzinfo=HAIKOU)

STATUSES = "SELECT status, count(*) FROM tickets GROUP BY 1"
CARDS = """
    SELECT name, count(*) FROM escalations
    WHERE detected_at <= $1 AND (withdrawn_at IS NULL OR withdrawn_at > $1) GROUP BY 1
"""
"""As they stood at a moment: after the play time goes on, and with it the next rung falls due."""
STEPS = """
    SELECT step, count(*) FROM ticket_history
    WHERE actor LIKE 'department:%' OR actor IN ('agent:demo', 'supervisor:demo') GROUP BY 1
"""


@pytest.fixture
async def rehearsal(tmp_path: Path) -> AsyncIterator[Way]:
    """A fresh service of its own, on a Sunday."""
    service = Embedded(tmp_path)
    service.clock.set(A_SUNDAY)
    try:
        await service.open()
        yield service
    finally:
        service.close()


async def test_a_played_morning_reconciles_with_the_database(rehearsal: Way) -> None:
    play = ["--begins", "09:30", "--hours", "1.5", "--scale", "0.15", "--speed", "900", "--seed", "12345"]

    told = json.loads(rehearsal.run("demo", *play, "--json"))

    # Then about seventy calls came on Monday morning, and nothing else happened than what is told
    assert f"{datetime.fromisoformat(told['at']).astimezone(HAIKOU):%Y-%m-%d %H}" == "2026-11-23 11"
    assert told["refused"] == 0
    assert 30 < told["sent"] == sum(told["tickets"].values())
    assert dict(await rehearsal.rows(STATUSES)) == told["tickets"]
    assert dict(await rehearsal.rows(CARDS, datetime.fromisoformat(told["at"]))) == told["escalations"]
    steps = {step.replace("_", "-"): count for step, count in await rehearsal.rows(STEPS)}
    assert steps.pop("register") == told["sent"]
    assert steps == {step: count for step, count in told["steps"].items() if step != "refused"}
    assert told["steps"]["sign"] > 0 < told["escalations"]["催办"]

    # And it took its keys back, let its endpoints go, and left the clock running as fast as life
    assert await rehearsal.rows("SELECT 1 FROM api_keys WHERE name = 'demo' AND revoked_at IS NULL") == []
    assert await rehearsal.rows("SELECT 1 FROM webhook_endpoints WHERE disabled_at IS NULL") == []
    assert (rehearsal.clock.now() - datetime.fromisoformat(told["at"])).total_seconds() < 600
