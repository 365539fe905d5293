"""A call in its hotline's own form: every format and encoding, what is kept, what is refused and why."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from intake.mappings import mappings_hold
from schemas.errors import Misconfigured
from tests.conftest import MONDAY, ROLES
from tests.inprocess import InProcess
from tests.intake.payloads import EXAMPLES, Example

PROBLEM = "application/problem+json"
OTHER = {"title": "价格", "text": "明码标价与收费不一致"}
OWN = {"call_no": "A-1", "type": "投诉", "title": "路灯", "content": "路灯不亮"}


async def send(
    hotline: InProcess, number: str, raw: bytes, content_type: str | None = None
) -> httpx.Response:
    headers = {"content-type": content_type} if content_type else {}
    return await (await hotline.client()).post(f"/v1/calls/{number}", content=raw, headers=headers)


async def kept(hotline: InProcess) -> list[Any]:
    return await hotline.rows("SELECT * FROM source_calls ORDER BY id")


def at(ticket: dict[str, Any], place: str) -> Any:
    here: Any = ticket
    for name in place.split("."):
        here = here[name]
    return datetime.fromisoformat(here) if place.endswith("_at") else here


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.hotline)
async def test_each_hotlines_own_payload_becomes_a_ticket(hotline: InProcess, example: Example) -> None:
    answer = await send(hotline, example.hotline, example.raw, example.content_type)
    ticket = answer.json()
    assert answer.status_code == 201, answer.text
    expected = {
        place: datetime.fromisoformat(value) if place.endswith("_at") else value
        for place, value in example.becomes.items()
    }
    assert {place: at(ticket, place) for place in expected} == expected
    assert ticket["hotline"] == example.hotline
    (call,) = await kept(hotline)
    assert (call.raw, call.ticket_id, call.fault) == (example.raw, ticket["id"], None)
    assert call.content_type == example.content_type


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.hotline)
async def test_a_payload_sent_again_leads_to_the_ticket_there_is(
    hotline: InProcess, example: Example
) -> None:
    first = await send(hotline, example.hotline, example.raw, example.content_type)
    again = await send(hotline, example.hotline, example.raw, example.content_type)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8", "application/json"),
        ("utf-8-sig", "application/json"),
        ("utf-16", "application/json"),
        ("gb18030", "application/json"),
        ("gb18030", "application/json; charset=gb2312"),
        ("gbk", 'application/json; charset="GBK"'),
        ("utf-16-be", "application/json; charset=utf-16be"),
        ("utf-8", None),
        ("gb18030", None),
    ],
)
async def test_one_call_is_the_same_in_every_encoding(
    hotline: InProcess, encoding: str, content_type: str | None
) -> None:
    raw = json.dumps(OWN, ensure_ascii=False).encode(encoding)
    answer = await send(hotline, "12345", raw, content_type)
    assert (answer.status_code, answer.json()["text"]) == (201, "路灯不亮")


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        (b'{"call_no":"A-1","title":"L","content":"dark"}', "application/vnd.city+json"),
        (b"<call><call_no>A-1</call_no><title>L</title><content>dark</content></call>", "application/xml"),
        (b"call_no=A-1&title=L&content=dark", "application/x-www-form-urlencoded"),
        (b"call_no,title,content\r\nA-1,L,dark\r\n", "text/csv"),
        (
            b'--x\r\ncontent-disposition: form-data; name="call_no"\r\n\r\nA-1\r\n'
            b'--x\r\ncontent-disposition: form-data; name="content"\r\n\r\ndark\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
)
async def test_one_mapping_reads_every_format(hotline: InProcess, raw: bytes, content_type: str) -> None:
    answer = await send(hotline, "12345", raw, content_type)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["source_number"], answer.json()["text"]) == ("A-1", "dark")


@pytest.mark.parametrize(
    ("raw", "content_type", "status", "code"),
    [
        (b"{}", "text/plain", 415, "unsupported_media"),
        (b"{}", "application/json; charset=big5", 415, "unsupported_media"),
        (b"{}", "nonsense", 415, "unsupported_media"),
        (b"{", "application/json", 422, "invalid"),
        (b"[]", "application/json", 422, "invalid"),
        (b"[{},{}]", "application/json", 422, "invalid"),
        (b'{"content":"a","content":"b"}', "application/json", 422, "invalid"),
        (b'{"content":NaN}', "application/json", 422, "invalid"),
        (b'{"content":"\\ud800"}', "application/json", 422, "invalid"),
        (b"[" * 100_000, "application/json", 422, "invalid"),
        (b'{"content":"a","deep":' + b"[" * 100 + b"]" * 100 + b"}", "application/json", 422, "invalid"),
        (b"\xff\xff\xff", "application/json", 422, "invalid"),
        (b"\xc3\x28", "application/json; charset=utf-8", 422, "invalid"),
        (b"<a>", "text/xml", 422, "invalid"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a><content>&b;</content></a>", "text/xml", 422, "invalid"),
        (b"<a>" * 100 + b"</a>" * 100, "text/xml", 422, "invalid"),
        (b"content", "text/csv", 422, "invalid"),
        (b"content\na\nb", "text/csv", 422, "invalid"),
        (b"a,a\n1,2", "text/csv", 422, "invalid"),
        (b"a[b]=1&a=2", "application/x-www-form-urlencoded", 422, "invalid"),
        (b"content=x", "multipart/form-data", 422, "invalid"),
        (
            b'--x\r\ncontent-disposition: form-data; name="a"; filename="a.jpg"\r\n\r\n1\r\n--x--',
            "multipart/form-data; boundary=x",
            422,
            "invalid",
        ),
        (b"", "application/json", 422, "invalid"),
    ],
)
async def test_what_is_no_call_is_refused_with_a_code_and_kept_as_it_came(
    hotline: InProcess, raw: bytes, content_type: str, status: int, code: str
) -> None:
    answer = await send(hotline, "12345", raw, content_type)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), answer.text
    assert answer.json()["code"] == code
    (call,) = await kept(hotline)
    assert (call.raw, call.content_type, call.ticket_id) == (raw, content_type, None)
    assert call.fault.startswith(code)


@pytest.mark.parametrize(
    ("number", "redirect", "says"),
    [
        ("119", "119", "一键转接119"),
        ("120", "120", "一键转接120"),
        ("122", "122", "一键转接122"),
        ("12395", "12395", "一键转接12395"),
        ("12388", "12388", "保密"),
        ("12337", "12337", "保密"),
        ("12368", "12368", "人民法院诉讼服务热线"),
        ("12306", "12306", "直接拨打12306"),
    ],
)
async def test_a_number_that_is_not_accepted_says_whom_to_call_and_what_to_tell(
    hotline: InProcess, number: str, redirect: str, says: str
) -> None:
    answer = await send(hotline, number, json.dumps(OWN).encode(), "application/json")
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["redirect"]) == (409, "not_accepted", redirect)
    assert says in problem["told"]
    (call,) = await kept(hotline)
    assert (call.ticket_id, call.told) == (None, problem["told"])


async def test_calls_of_a_cancelled_number_count_under_the_line_that_took_it_over(hotline: InProcess) -> None:
    example = next(each for each in EXAMPLES if each.hotline == "12315")
    answer = await send(hotline, "12358", example.raw, example.content_type)
    assert (answer.status_code, answer.json()["hotline"]) == (201, "12315")


async def test_a_cancelled_number_counts_under_its_line_on_every_road_and_the_number_dialled_is_kept(
    hotline: InProcess,
) -> None:
    client = await hotline.client()
    example = next(each for each in EXAMPLES if each.hotline == "12315")
    await send(hotline, "12358", example.raw, example.content_type)
    said = {"hotline": "12358", "title": "价格", "text": "停车场乱收费"}
    assert (await hotline.register(**said))["hotline"] == "12315"
    await client.post("/v1/tickets:batch", content=json.dumps({**said, "text": "药店涨价"}).encode())
    await client.post("/v1/calls", json={"hotline": "12358", "matters": [{**OTHER}, {**OTHER}]})
    calls = await kept(hotline)
    brought = {"statutory_procedure": "12315", "hotline": "12358"}
    assert len(calls) == 5
    for call in calls:
        registry = {each["field"]: each for each in call.evidence["evidence"] if each["source"] == "registry"}
        assert {name: each["words"] for name, each in registry.items()} == brought
        assert (call.hotline, registry["hotline"]["certainty"]) == ("12315", "alias")
    assert [each.hotline for each in await hotline.rows("SELECT DISTINCT hotline FROM tickets")] == ["12315"]


async def test_one_source_number_is_one_ticket_whichever_road_it_comes_by(hotline: InProcess) -> None:
    example = next(each for each in EXAMPLES if each.hotline == "12315")
    first = (await send(hotline, "12358", example.raw, example.content_type)).json()
    body = {"hotline": "12365", "source_number": first["source_number"], "title": "价格", "text": "乱收费"}
    again = await (await hotline.client()).post("/v1/tickets", json=body)
    assert (again.status_code, again.json()["id"]) == (200, first["id"])


async def test_what_a_sub_centre_and_a_law_bring_is_noted_beside_a_canonical_call(hotline: InProcess) -> None:
    await hotline.register(hotline="12305", title="邮件", text="邮件丢失三个月没有答复")
    (call,) = await kept(hotline)
    noted = {each["field"]: each["value"] for each in call.evidence["evidence"]}
    assert (noted["handled_by"], noted["statutory_procedure"]) == ("邮政管理局", "POSTAL-APPEAL")


@pytest.mark.parametrize("wire", ["application/json", "application/x-www-form-urlencoded"])
async def test_a_line_without_a_mapping_of_its_own_speaks_our_own_names(
    hotline: InProcess, wire: str
) -> None:
    said = {
        "source_number": "FL-1",
        "kind": "consult",
        "title": "法律援助",
        "text": "请问如何申请法律援助",
        "division": "460106",
        "caller": {"name": "吴女士", "phone": "138 0013 8000", "withheld": True},
    }
    flat = {**said, "caller": None} | {f"caller.{name}": each for name, each in said["caller"].items()}  # type: ignore[attr-defined]
    form = urlencode({name: each for name, each in flat.items() if each is not None})
    raw = json.dumps(said).encode() if wire == "application/json" else form.encode()
    answer = await send(hotline, "12348", raw, wire)
    assert answer.status_code == 201, answer.text
    ticket = answer.json()
    assert (ticket["hotline"], ticket["kind"], ticket["division"]) == ("12348", "consult", "460106000000")
    assert (ticket["caller"]["phone"], ticket["caller"]["withheld"]) == ("+8613800138000", True)
    empty = await send(hotline, "12348", b"{}", "application/json")
    assert (empty.status_code, empty.json()["pointer"]) == (422, "/text")


async def test_a_hundred_of_one_payload_at_once_become_one_ticket(hotline: InProcess) -> None:
    example = next(each for each in EXAMPLES if each.hotline == "12333")
    posts = [send(hotline, "12333", example.raw, example.content_type) for _ in range(100)]
    answers = await asyncio.gather(*posts)
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await kept(hotline)) == 100


async def test_the_citys_own_mapping_comes_before_the_one_that_ships(
    database_url: str, tmp_path: Path
) -> None:
    own = 'name = "12348"\nhotline = "12348"\n[fields.text]\npaths = ["matter"]\n'
    (tmp_path / "12348.toml").write_text(own, "utf-8")
    (tmp_path / "12315.toml").write_text(own.replace("12348", "12315"), "utf-8")
    async with InProcess.opened(database_url, ROLES, MONDAY, mappings_dir=tmp_path) as service:
        new = await send(service, "12348", '{"matter":"法律援助"}'.encode())
        instead = await send(service, "12315", '{"matter":"退货"}'.encode())
    assert (new.status_code, new.json()["text"]) == (201, "法律援助")
    assert (instead.status_code, instead.json()["text"]) == (201, "退货")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("12348.toml", "name = ", "12348.toml"),
        (
            "12348.toml",
            'name = "12348"\nhotline = "12348"\n[fields.title]\npaths = ["t"]\n',
            "where the text is",
        ),
        ("12348.toml", '[fields.text]\npaths = ["t"]\n', "name"),
    ],
)
async def test_a_mapping_of_the_city_that_cannot_work_is_refused_at_the_start(
    database_url: str, tmp_path: Path, name: str, content: str, says: str
) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    async with InProcess.opened(database_url, ROLES, MONDAY, mappings_dir=tmp_path) as service:
        with pytest.raises(Misconfigured, match=says):
            await mappings_hold(service.resources)
    async with InProcess.opened(database_url, ROLES, MONDAY, mappings_dir=tmp_path / "none") as service:
        with pytest.raises(Misconfigured, match="no folder"):
            await mappings_hold(service.resources)
