"""The desk asks a model a city has trained; one that cannot be read is found at the start."""

from pathlib import Path

import pytest

from router.model_file import save_model
from router.role import model_holds
from router.suggestions import suggestions
from router.text_model import TextModels
from schemas.errors import Misconfigured
from services.settings import TriageSettings
from services.tickets import TicketStore
from tests.conftest import MONDAY, ROLES
from tests.inprocess import InProcess
from tests.router.domain.suggest.small import FACTS, a_model

TEXT = "自来水管爆裂,家里停水"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    file = tmp_path / "departments.model"
    save_model(a_model(labels=("traffic-police", "urban-management", "water-affairs")), file)
    return file


async def test_a_trained_model_is_one_of_the_desks_suggestions_with_its_words(
    database_url: str, model: Path
) -> None:
    async with InProcess.opened(database_url, ROLES, MONDAY, triage=TriageSettings(model=model)) as hotline:
        ticket = await hotline.call(text=TEXT, title="停水")
        async with hotline.resources.database.transaction() as connection:
            row = await TicketStore(connection).get(ticket["id"])
            found, _ = await suggestions(row, connection, hotline.resources)
        assert hotline.resources.part(TextModels).name == FACTS.version
        (water,) = [each for each in found if each.department == "water-affairs"]
        says = [each for each in water.reasons if each.source == "model"]
        assert says
        assert "停水" in "".join(says[0].words)


async def test_a_model_that_cannot_be_read_is_refused_at_the_start(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "no.model"
    file.write_bytes(b"no model")
    async with InProcess.opened(database_url, ROLES, MONDAY, triage=TriageSettings(model=file)) as hotline:
        with pytest.raises(Misconfigured, match="text model"):
            await model_holds(hotline.resources)
