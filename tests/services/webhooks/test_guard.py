"""Where webhooks may go, and above all where they may not."""

import asyncio

import pytest

from schemas.errors import BadEndpoint
from services.webhooks.guard import Guard, check_url, hosts_of, is_public

NOBODY: frozenset[str] = frozenset()

PRIVATE = [
    "127.0.0.1",
    "10.0.0.5",
    "172.16.3.4",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff0e::1",
    "2001:db8::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::10.0.0.1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_inside_is_seen_through_every_disguise(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "114.114.114.114", "2400:3200::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"]
)
def test_an_address_on_the_public_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", ["127.1", "2130706433", "0177.0.0.1", "1.1.1", "", "例", "1.1.1.1 "])
def test_what_is_no_plain_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "https://oa.example.gov.cn/hooks/12345",
        "https://oa.example.gov.cn:8443/hooks?from=12345",
        "HTTPS://OA.EXAMPLE.GOV.CN./",
        "https://工单.海口.中国/hook",
        "https://1.1.1.1/hook",
        "https://[2400:3200::1]/hook",
    ],
)
def test_a_plain_https_address_is_taken(url: str) -> None:
    check_url(url, NOBODY)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "oa.example.gov.cn",
        "//oa.example.gov.cn/",
        "https://",
        "https:///hook",
        "http://oa.example.gov.cn/",
        "ftp://oa.example.gov.cn/",
        "file:///etc/passwd",
        "https://user@oa.example.gov.cn/",
        "https://user:password@oa.example.gov.cn/",
        "https://:password@oa.example.gov.cn/",
        "https://oa.example.gov.cn:99999/",
        "https://oa.example.gov.cn:port/",
        "https://good.example.cn\\@127.0.0.1/",
        "https://a..b/",
        "https://.a/",
        f"https://{'a' * 70}.com/",
        f"https://{'a.' * 200}com/",
        "https://a b/",
        "https://a\x00/",
        "https://\udcff/",
        "https://[::1",
        "https://127.1/",
        "https://2130706433/",
        "https://１２７.0.0.1/",
        "https://127。0。0。1/",
        "https://[fe80::1%25eth0]/",
        *(f"https://{f'[{each}]' if ':' in each else each}/" for each in PRIVATE),
    ],
)
def test_any_other_address_is_refused_when_it_is_registered(url: str) -> None:
    with pytest.raises(BadEndpoint):
        check_url(url, NOBODY)


@pytest.mark.parametrize("url", ["http://oa.intranet/", "http://10.0.0.5:8080/hook", "https://[fd00::5]/"])
def test_a_host_the_operator_allows_by_name_may_be_private_and_plain_http(url: str) -> None:
    allowed = hosts_of(" OA.intranet, 10.0.0.5,fd00::5 ,")
    check_url(url, allowed)
    with pytest.raises(BadEndpoint):
        check_url(url.replace("oa", "ob").replace("5", "6"), allowed)


def test_an_empty_list_allows_nobody() -> None:
    assert hosts_of("") == hosts_of(" , ") == NOBODY


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "0x7f.1", "0x7f000001"])
async def test_a_name_that_leads_inside_is_refused_when_something_is_sent(name: str) -> None:
    guard = Guard(NOBODY)
    with pytest.raises(BadEndpoint, match="not a public address"):
        await guard.resolve(name, 443)


async def test_an_allowed_name_may_lead_inside() -> None:
    found = await Guard(hosts_of("localhost")).resolve("localhost", 443)
    assert {each["host"] for each in found} <= {"127.0.0.1", "::1"}


async def test_a_name_with_one_private_address_among_public_ones_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def mixed(*_: object, **__: object) -> list[object]:
        return [(2, 1, 6, "", ("1.1.1.1", 443)), (2, 1, 6, "", ("10.0.0.5", 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", mixed)
    with pytest.raises(BadEndpoint):
        await Guard(NOBODY).resolve("rebound.example.cn", 443)
