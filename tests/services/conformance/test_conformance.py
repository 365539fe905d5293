"""The conformance kit passes a well-behaved system and catches each fault of a bad one."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from schemas.errors import Unavailable
from services.clock import wall_clock
from services.conformance.domain.case import Answer, Case, Expected, Finding, Held, Post, judge
from services.conformance.domain.cases import Writer, cases
from services.conformance.play import Endpoint
from services.conformance.report import closing, document
from services.contracts.event_schemas import webhook_schemas
from services.department_sim.behaviour import MEANING, Behaviour
from services.department_sim.system import System
from tests.command_line import app
from tests.journeys.processes import Process, start
from tests.kafka.broker import free_ports

SECRET = "whsec_" + "c2VjcmV0" * 5
PATIENT, IMPATIENT = 20.0, 0.1

SIGNATURES = {
    "another's signature",
    "changed on its way",
    "another's id",
    "without signature",
    "without timestamp",
    "without id",
    "empty signature",
    "unreadable signature",
    "unversioned signature",
    "forged first",
    "timestamp old",
    "timestamp of the future",
    "timestamp unreadable",
}
REPEATED = {"repeated", "repeated at once"}

EVERYTHING = {each.name for each in cases(Writer(SECRET, wall_clock(), "TEST", lambda: "id"))}

CAUGHT = {
    Behaviour.SLOW: EVERYTHING,
    Behaviour.FAILS: EVERYTHING,
    Behaviour.BUSY: EVERYTHING,
    Behaviour.GONE: EVERYTHING,
    Behaviour.RESET: EVERYTHING - {"oversized"},
    Behaviour.TAKES_UNSIGNED: SIGNATURES,
    Behaviour.TAKES_OLD: {"timestamp old", "timestamp of the future"},
    Behaviour.FIRST_SIGNATURE_ONLY: {"secret replaced, last", "another kind of signature"},
    Behaviour.REMEMBERS_FORGED: {"forged first"},
    Behaviour.FAILS_ON_ODD_SIGNATURES: {"unversioned signature"},
    Behaviour.FORGETS_DUPLICATES: REPEATED,
    Behaviour.GOES_BACK: {"out of order"},
    Behaviour.REFUSES_UNKNOWN: {"unknown type"},
    Behaviour.REFUSES_LARGE: {"large"},
    Behaviour.TAKES_ANY_SIZE: {"oversized"},
}

HIDDEN_INSIDE = {Behaviour.REMEMBERS_FORGED, Behaviour.FORGETS_DUPLICATES, Behaviour.GOES_BACK}
"""Faults whose answers are right."""


@asynccontextmanager
async def simulated(*behaves: Behaviour) -> AsyncIterator[str]:
    system = System("127.0.0.1", 0, behaves, None, SECRET, None, 0, 2 * PATIENT, lambda _: None)
    async with system.opened() as (url, _):
        yield url


async def findings(*behaves: Behaviour, seen: bool = True) -> list[Finding]:
    numbers = iter(range(1000))
    writer = Writer(SECRET, wall_clock(), "TEST", lambda: f"event-{next(numbers)}")
    limit = IMPATIENT if Behaviour.SLOW in behaves else PATIENT
    async with simulated(*behaves) as url:
        endpoint = Endpoint(f"{url}/hook", f"{url}/status" if seen else None, limit)
        return [each async for each in endpoint.play(cases(writer))]


def failed(found: list[Finding]) -> set[str]:
    return {each.case.name for each in found if not each.passed}


async def test_a_well_behaved_system_passes_every_case() -> None:
    found = await findings()
    assert len(found) == len(EVERYTHING) > 20
    assert {each.case.name: each.faults for each in found if not each.passed} == {}
    assert closing(found) == [f"{len(found)} of {len(found)} cases passed."]


async def test_without_a_status_the_report_says_what_nobody_saw() -> None:
    found = await findings(seen=False)
    assert failed(found) == set()
    assert "cannot be told from outside" in closing(found)[-1]
    assert document(found)["effects_seen"] is False
    assert {each["held"] for each in document(found)["cases"]} == {None}


def test_every_fault_has_a_case_that_catches_it() -> None:
    assert CAUGHT.keys() == MEANING.keys() == set(Behaviour)
    assert set().union(*(CAUGHT[each] for each in HIDDEN_INSIDE)) <= EVERYTHING


@pytest.mark.parametrize("behaviour", Behaviour)
async def test_a_fault_fails_its_cases_and_no_others(behaviour: Behaviour) -> None:
    assert failed(await findings(behaviour)) == CAUGHT[behaviour]


@pytest.mark.parametrize("behaviour", sorted(HIDDEN_INSIDE))
async def test_a_fault_inside_is_seen_by_the_status_only(behaviour: Behaviour) -> None:
    assert failed(await findings(behaviour, seen=False)) == set()


async def test_where_nobody_listens_there_is_no_report() -> None:
    (port,) = free_ports(1)
    writer = Writer(SECRET, wall_clock(), "TEST", lambda: "id")
    with pytest.raises(Unavailable, match="Nobody listens"):
        _ = [each async for each in Endpoint(f"http://127.0.0.1:{port}/hook", None, 1).play(cases(writer))]


def test_what_is_posted_keeps_to_the_contract() -> None:
    validator = Draft202012Validator(webhook_schemas()["ticket.assigned"])
    bodies = [
        json.loads(post.body)
        for case in cases(Writer(SECRET, wall_clock(), "TEST", lambda: "id"))
        for post in case.posts
    ]
    assigned = [each for each in bodies if each["type"] == "ticket.assigned"]
    assert len(assigned) > 20
    assert [fault.message for each in assigned for fault in validator.iter_errors(each)] == []


def case(*expected: Expected, then: Held | None = None) -> Case:
    return Case("case", "", "TEST-1", [Post({}, b"", each) for each in expected], then)


@pytest.mark.parametrize(
    ("expected", "answer", "right"),
    [
        (Expected.TAKEN, Answer(200), True),
        (Expected.TAKEN, Answer(204), True),
        (Expected.TAKEN, Answer(302), False),
        (Expected.TAKEN, Answer(None, "hung up"), False),
        (Expected.REFUSED, Answer(401), True),
        (Expected.REFUSED, Answer(410), False),
        (Expected.REFUSED, Answer(429), False),
        (Expected.REFUSED, Answer(500), False),
        (Expected.REFUSED, Answer(None, "hung up"), False),
        (Expected.TURNED_AWAY, Answer(413), True),
        (Expected.TURNED_AWAY, Answer(None, "hung up"), True),
        (Expected.TURNED_AWAY, Answer(None, "no answer"), False),
        (Expected.TURNED_AWAY, Answer(200), False),
    ],
)
def test_an_answer_is_judged_by_what_was_expected(expected: Expected, answer: Answer, right: bool) -> None:
    assert judge(case(expected), [answer], None).passed == right


def test_what_is_held_is_judged_where_it_is_seen_and_not_the_vendors_choice() -> None:
    taken, answers = Held(5, 3), [Answer(204)]
    assert judge(case(Expected.TAKEN, then=taken), answers, taken).passed
    assert judge(case(Expected.TAKEN, then=taken), answers, None).passed
    assert judge(case(Expected.TAKEN), answers, Held(1, 1)).passed
    wrong = judge(case(Expected.TAKEN, then=taken), answers, Held(4, 3))
    assert wrong.faults == ["version 5 by 3 events expected, version 4 by 3 events held"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A simulated system as a vendor starts one."""
    log = tmp_path_factory.mktemp("sim") / "sim.log"
    process = start(["department-sim", "--secret", SECRET], {}, log)
    yield process
    assert process.stop() == 0


def test_the_command_prints_its_report_and_its_exit_code_says_how_it_went(running: Process) -> None:
    status = running.url.replace("/hook", "/status")
    runner = CliRunner()
    passed = runner.invoke(app, ["conformance", running.url, "--secret", SECRET, "--status-url", status])
    assert passed.exit_code == 0, passed.output
    assert f"{len(EVERYTHING)} of {len(EVERYTHING)} cases passed." in passed.output

    told = runner.invoke(app, ["conformance", running.url, "--secret", "whsec_b3RoZXI=", "--json"])
    report = json.loads(told.stdout)
    assert (told.exit_code, report["passed"]) == (1, False)
    wrong = {each["name"]: each["faults"] for each in report["cases"] if each["faults"]}
    assert wrong["ordinary"] == ["2xx expected, 401 came"]
    assert "timestamp old" not in wrong


@pytest.mark.parametrize(
    "text", ["oa.example.gov.cn/hook", "ftp://oa.example.gov.cn", "https:///hook", "http://[::1"]
)
@pytest.mark.parametrize("named", ["url", "status"])
def test_what_is_no_address_is_wrong_usage_and_not_a_system_that_hangs_up(text: str, named: str) -> None:
    said = [text] if named == "url" else ["http://127.0.0.1:9/hook", "--status-url", text]
    refused = CliRunner().invoke(app, ["conformance", *said, "--secret", SECRET])
    assert refused.exit_code == 2
    assert "is no address" in refused.output


def test_a_secret_that_is_none_is_said_in_one_line(tmp_path: Path) -> None:
    refused = CliRunner().invoke(app, ["conformance", "http://127.0.0.1/hook", "--secret", "whsec_1"])
    assert refused.exit_code == 1
