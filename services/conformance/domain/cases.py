"""The cases: ordinary, repeated, out of order, badly signed, out of time, unknown, large."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from standardwebhooks import Webhook

from services.conformance.domain.case import NOTHING, Case, Expected, Held, Post

TOLERANCE = timedelta(minutes=5)
"""How far a timestamp may be off, as Standard Webhooks says; what is posted here is off by twice that."""

LARGEST_TEXT = 10_000
OVERSIZED = 5_000_000
FOREIGN_SECRET = "whsec_" + "A" * 43 + "="

REFUSED, TURNED_AWAY = Expected.REFUSED, Expected.TURNED_AWAY


@dataclass
class Writer:
    """Writes the posts of a run: signed by `secret`, as of `now`, about tickets numbered from `number`."""

    secret: str
    now: datetime
    number: str
    new_id: Callable[[], str]
    _tickets: Iterator[int] = field(default_factory=lambda: count(1))

    def ticket(self) -> str:
        """Return the number of a ticket no other case is about."""
        return f"{self.number}-{next(self._tickets)}"

    def body(self, ticket: str, version: int = 1, type_: str = "ticket.assigned", **besides: Any) -> bytes:
        """Return the body of an event about a ticket."""
        data = {**_assigned(self.now, self.new_id()), "ticket": ticket, "version": version, **besides}
        payload = {"type": type_, "timestamp": self.now.isoformat(), "data": data}
        return json.dumps(payload, ensure_ascii=False).encode()

    def post(
        self, body: bytes, expected: Expected = Expected.TAKEN, id_: str | None = None, **headers: str | None
    ) -> Post:
        """Return a post that is signed well, but for the headers given; None leaves one out."""
        good = self.signed(body, id_ or self.new_id(), self.now)
        named = {f"webhook-{name}": value for name, value in headers.items()}
        kept = {name: value for name, value in {**good, **named}.items() if value is not None}
        return Post(kept, body, expected)

    def signed(self, body: bytes, id_: str, at: datetime, secret: str | None = None) -> dict[str, str]:
        """Return the headers of a body signed at a moment, by the secret or another."""
        return {
            "webhook-id": id_,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret or self.secret).sign(id_, at, body.decode()),
            "content-type": "application/json; charset=utf-8",
        }


def cases(writer: Writer) -> list[Case]:
    """Return every case, in the order they are played."""
    return [
        *_repeated(writer),
        *_out_of_order(writer),
        *_badly_signed(writer),
        *_out_of_time(writer),
        *_being_replaced(writer),
        *_new_and_large(writer),
    ]


def _repeated(writer: Writer) -> Iterator[Case]:
    ticket, id_ = writer.ticket(), writer.new_id()
    one = writer.post(writer.body(ticket), id_=id_)
    yield Case("ordinary", "An event, well signed, is taken.", ticket, [one], Held(1, 1))
    again = "What was taken is taken again, and has no second effect: an answer may have been lost."
    yield Case("repeated", again, ticket, [one, one], Held(1, 1))
    ticket, id_ = writer.ticket(), writer.new_id()
    one = writer.post(writer.body(ticket), id_=id_)
    at_once = "Twice in the same moment has one effect, too."
    yield Case("repeated at once", at_once, ticket, [one, one], Held(1, 1), together=True)


def _out_of_order(writer: Writer) -> Iterator[Case]:
    ticket = writer.ticket()
    versions = [writer.post(writer.body(ticket, version)) for version in (2, 5, 4)]
    older = "An older event that comes late is taken, and puts nothing back: a replay sends such."
    yield Case("out of order", older, ticket, versions, Held(5, 3))


def _badly_signed(writer: Writer) -> Iterator[Case]:
    ticket = writer.ticket()
    body, id_ = writer.body(ticket), writer.new_id()
    foreign = writer.signed(body, id_, writer.now, FOREIGN_SECRET)["webhook-signature"]
    yield _refused(
        "another's signature",
        "Signed by another secret, it is refused.",
        ticket,
        writer.post(body, REFUSED, signature=foreign),
    )
    ticket = writer.ticket()
    told = writer.post(writer.body(ticket), REFUSED)
    changed = Post(told.headers, told.body.replace(b"general", b"urgent"), REFUSED)
    yield _refused("changed on its way", "A body that is not the one signed is refused.", ticket, changed)
    ticket = writer.ticket()
    other_id = Post({**told.headers, "webhook-id": writer.new_id()}, writer.body(ticket), REFUSED)
    yield _refused("another's id", "The id is signed, too.", ticket, other_id)
    for name in ("signature", "timestamp", "id"):
        ticket = writer.ticket()
        without = writer.post(writer.body(ticket), REFUSED, **{name: None})
        yield _refused(f"without {name}", f"Without webhook-{name} it is refused.", ticket, without)
    for name, signature in (("empty", "v1,"), ("unreadable", "v1,%%%"), ("unversioned", "nothing")):
        ticket = writer.ticket()
        odd = writer.post(writer.body(ticket), REFUSED, signature=signature)
        yield _refused(
            f"{name} signature", "A signature that is none is refused, not failed on.", ticket, odd
        )
    ticket, id_ = writer.ticket(), writer.new_id()
    body = writer.body(ticket)
    posts = [writer.post(body, REFUSED, id_, signature=foreign), writer.post(body, id_=id_)]
    forged = "An id is remembered only once its signature is right: else a forger keeps the real event out."
    yield Case("forged first", forged, ticket, posts, Held(1, 1))


def _out_of_time(writer: Writer) -> Iterator[Case]:
    for name, off in (("old", -2 * TOLERANCE), ("of the future", 2 * TOLERANCE)):
        ticket = writer.ticket()
        body = writer.body(ticket)
        post = Post(writer.signed(body, writer.new_id(), writer.now + off), body, REFUSED)
        because = "Signed ten minutes off, it is refused: somebody plays back what he overheard."
        yield _refused(f"timestamp {name}", because, ticket, post)
    ticket = writer.ticket()
    odd = writer.post(writer.body(ticket), REFUSED, timestamp="noon")
    yield _refused("timestamp unreadable", "A timestamp that is none is refused.", ticket, odd)


def _being_replaced(writer: Writer) -> Iterator[Case]:
    """While a secret is being replaced there are two signatures, and either secret is right."""
    for name, order in (("first", 1), ("last", -1)):
        ticket, id_ = writer.ticket(), writer.new_id()
        body = writer.body(ticket)
        both = [
            writer.signed(body, id_, writer.now, each)["webhook-signature"] for each in (None, FOREIGN_SECRET)
        ]
        post = writer.post(body, id_=id_, signature=" ".join(both[::order]))
        because = "One right signature among several is enough, wherever it stands."
        yield Case(f"secret replaced, {name}", because, ticket, [post], Held(1, 1))
    ticket, id_ = writer.ticket(), writer.new_id()
    body = writer.body(ticket)
    known = writer.signed(body, id_, writer.now)["webhook-signature"]
    post = writer.post(body, id_=id_, signature=f"v1a,{'A' * 86}== {known}")
    because = "A signature of a kind that is not known is passed over, not failed on."
    yield Case("another kind of signature", because, ticket, [post], Held(1, 1))


def _new_and_large(writer: Writer) -> Iterator[Case]:
    ticket = writer.ticket()
    unknown = [writer.post(writer.body(ticket, type_="ticket.not_known_yet"))]
    because = "An event of a type that is not known is taken: refused, it would be tried for days."
    yield Case("unknown type", because, ticket, unknown, then=None)
    ticket = writer.ticket()
    more = [writer.post(writer.body(ticket, added_later={"any": ["thing"]}))]
    yield Case(
        "unknown field", "Fields are added; who does not know one passes it over.", ticket, more, Held(1, 1)
    )
    ticket = writer.ticket()
    long = [writer.post(writer.body(ticket, text="水" * LARGEST_TEXT))]
    yield Case("large", "The longest text a ticket may have is taken.", ticket, long, Held(1, 1))
    ticket = writer.ticket()
    huge = writer.post(writer.body(ticket, text="x" * OVERSIZED), TURNED_AWAY)
    because = "Five megabytes, more than is ever sent, are turned away before they fill the memory."
    yield _refused("oversized", because, ticket, huge)
    ticket = writer.ticket()
    alive = [writer.post(writer.body(ticket))]
    yield Case("ordinary again", "After all this an event is still taken.", ticket, alive, Held(1, 1))


def _refused(name: str, because: str, ticket: str, post: Post) -> Case:
    return Case(name, because, ticket, [post], NOTHING)


def _assigned(now: datetime, assignment: str) -> dict[str, Any]:
    return {
        "assignment_id": assignment,
        "department": "conformance",
        "assigned_at": now.isoformat(),
        "because": "符合性测试,不是真实工单",
        "matter": {
            "hotline": "12345",
            "kind": "complaint",
            "urgency": "general",
            "accepted_at": now.isoformat(),
        },
        "title": "符合性测试",
        "text": "这是符合性测试发送的工单,请勿办理。",
    }
