"""What vendors copy from docs/webhooks.md tells our posts from others', in Python, Java and JavaScript."""

import base64
import json
import re
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from services.clock import wall_clock
from services.webhooks.announce import TYPES
from services.webhooks.domain.signing import signed_headers
from tests.fetched import needed

DOCUMENT = (Path(__file__).parents[1] / "docs" / "webhooks.md").read_text("utf-8")
SNIPPETS = dict(re.findall(r"^```(python|java|javascript)\n(.*?)^```$", DOCUMENT, re.DOTALL | re.MULTILINE))

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
ANOTHER = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()
BODY = '{"type": "ticket.assigned", "data": {"title": "工地夜间施工"}}'.encode()
ID = UUID(int=7)

Post = tuple[dict[str, str], bytes]

NODE_ENDING = """
const lines = require("node:fs").readFileSync(0, "utf8").trim().split("\\n");
for (const line of lines) {
  const [headers, body] = line.split("\\t").map((each) => Buffer.from(each, "base64"));
  console.log(verify(process.argv[2], JSON.parse(headers), body));
}
"""

JAVA_BEGINNING = """
class Main {
    public static void main(String[] arguments) throws Exception {
        var decoder = Base64.getDecoder();
        var input = new java.io.BufferedReader(new java.io.InputStreamReader(System.in));
        for (String line; (line = input.readLine()) != null; ) {
            String[] parts = line.split("\\t");
            var headers = new java.util.HashMap<String, String>();
            for (String each : new String(decoder.decode(parts[1]), StandardCharsets.UTF_8).split("\\n")) {
                String[] pair = each.split(": ", 2);
                headers.put(pair[0], pair[1]);
            }
            System.out.println(Webhooks.verify(arguments[0], headers, decoder.decode(parts[2])));
        }
    }
}
"""


def signed(off: timedelta = timedelta(), secret: str = SECRET) -> dict[str, str]:
    return signed_headers([secret], ID, wall_clock() + off, BODY)


def posts() -> dict[str, tuple[Post, bool]]:
    """Posts by what they are, and whether the hotline just signed them."""
    good, other = signed(), signed(secret=ANOTHER)["webhook-signature"]
    own = good["webhook-signature"]

    def told(signature: str) -> Post:
        return {**good, "webhook-signature": signature}, BODY

    return {
        "ordinary": ((good, BODY), True),
        "four minutes old": ((signed(timedelta(minutes=-4)), BODY), True),
        "old": ((signed(timedelta(minutes=-6)), BODY), False),
        "of the future": ((signed(timedelta(minutes=6)), BODY), False),
        "another secret's": (told(other), False),
        "two signatures, the first right": (told(f"{own} {other}"), True),
        "two signatures, the last right": (told(f"{other} {own}"), True),
        "a kind that is not known, and ours": (told(f"v1a,AAAA {own}"), True),
        "only a kind that is not known": (told(own.replace("v1,", "v1a,")), False),
        "empty": (told("v1,"), False),
        "no base64": (told("v1,%%%"), False),
        "no version": (told("签名"), False),
        "changed": ((good, BODY.replace(b"assigned", b"urged   ")), False),
        "another id": (({**good, "webhook-id": str(UUID(int=8))}, BODY), False),
        "no time": (({**good, "webhook-timestamp": "noon"}, BODY), False),
        **{
            f"without {name}": (({key: each for key, each in good.items() if key != name}, BODY), False)
            for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
        },
    }


def by_python(told: list[Post]) -> list[bool]:
    known: dict[str, Callable[..., bool]] = {}
    exec(SNIPPETS["python"], known)  # what the document shows, and nothing else
    return [known["verify"](SECRET, headers, body) for headers, body in told]


def by_javascript(told: list[Post], folder: Path) -> list[bool]:
    needed("node")
    script = folder / "verify.js"
    script.write_text(SNIPPETS["javascript"] + NODE_ENDING, "utf-8")
    lines = [f"{encoded(json.dumps(headers).encode())}\t{encoded(body)}" for headers, body in told]
    return said(["node", str(script), SECRET], lines)


def by_java(told: list[Post], folder: Path) -> list[bool]:
    needed("java", "javac")
    imports, class_, rest = SNIPPETS["java"].partition("final class Webhooks")
    program = folder / "Main.java"
    program.write_text(imports + JAVA_BEGINNING + class_ + rest, "utf-8")
    pairs = [
        ["\n".join(f"{name}: {each}" for name, each in headers.items()).encode(), body]
        for headers, body in told
    ]
    lines = ["\t".join(["", *map(encoded, pair)]) for pair in pairs]
    return said(["java", "-XX:TieredStopAtLevel=1", str(program), SECRET], lines)


def encoded(text: bytes) -> str:
    return base64.b64encode(text).decode()


def said(command: list[str], lines: list[str]) -> list[bool]:
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [{"true": True, "false": False}[each] for each in done.stdout.split()]


def by_the_library(headers: dict[str, str], body: bytes) -> bool:
    try:
        Webhook(SECRET).verify(body, headers)
    except (WebhookVerificationError, ValueError):
        return False
    return True


@pytest.mark.parametrize(
    "language",
    [
        "python",
        pytest.param("javascript", marks=pytest.mark.node),
        pytest.param("java", marks=pytest.mark.java),
    ],
)
def test_a_snippet_tells_our_posts_from_others(language: str, tmp_path: Path) -> None:
    table = posts()
    told = [post for post, _ in table.values()]
    if language == "python":
        answers = by_python(told)
    else:
        answers = (by_javascript if language == "javascript" else by_java)(told, tmp_path)
    assert dict(zip(table, answers, strict=True)) == {name: right for name, (_, right) in table.items()}


def test_the_types_of_events_are_all_told_of_once() -> None:
    rows = re.findall(r"^\| (`(?:ticket|webhook)\..*?) \| (.+) \|$", DOCUMENT, re.MULTILINE)
    told = [each for types, _ in rows for each in re.findall(r"`([a-z_.]+)`", types)]
    assert sorted(told) == sorted(TYPES)


def test_the_table_is_what_the_specifications_own_library_says() -> None:
    assert {name: by_the_library(*post) for name, (post, _) in posts().items()} == {
        name: right for name, (_, right) in posts().items()
    }
