"""What a simulated system can get wrong."""

from enum import StrEnum


class Behaviour(StrEnum):
    """A fault of its own, each of which a real vendor's system has had."""

    SLOW = "slow"
    FAILS = "500"
    BUSY = "429"
    GONE = "410"
    RESET = "reset"
    TAKES_UNSIGNED = "takes-unsigned"
    TAKES_OLD = "takes-old"
    FIRST_SIGNATURE_ONLY = "first-signature-only"
    REMEMBERS_FORGED = "remembers-forged"
    FAILS_ON_ODD_SIGNATURES = "fails-on-odd-signatures"
    FORGETS_DUPLICATES = "forgets-duplicates"
    GOES_BACK = "goes-back"
    REFUSES_UNKNOWN = "refuses-unknown"
    REFUSES_LARGE = "refuses-large"
    TAKES_ANY_SIZE = "takes-any-size"


MEANING = {
    Behaviour.SLOW: "answers later than anybody waits",
    Behaviour.FAILS: "answers 500 to everything",
    Behaviour.BUSY: "answers 429 with Retry-After to everything",
    Behaviour.GONE: "answers 410 to everything",
    Behaviour.RESET: "hangs up instead of answering",
    Behaviour.TAKES_UNSIGNED: "takes what is signed badly or not at all",
    Behaviour.TAKES_OLD: "does not look at the timestamp",
    Behaviour.FIRST_SIGNATURE_ONLY: "looks at the first of several signatures only",
    Behaviour.REMEMBERS_FORGED: "remembers the id of what it refused, and passes the real event over",
    Behaviour.FAILS_ON_ODD_SIGNATURES: "answers 500 to a signature it cannot read",
    Behaviour.FORGETS_DUPLICATES: "lets an event that comes again have its effect again",
    Behaviour.GOES_BACK: "lets an older event put back a newer state",
    Behaviour.REFUSES_UNKNOWN: "answers 400 to a type of event it does not know",
    Behaviour.REFUSES_LARGE: "answers 413 to the text of a long ticket",
    Behaviour.TAKES_ANY_SIZE: "reads a body of any size",
}


class Sending(StrEnum):
    """What a simulated system gets wrong when it acts by its hook; the service sees to each of them."""

    FORGED = "forged"
    LATE = "late"
    TWICE = "twice"
    AGAIN_AS_NEW = "again-as-new"
    OLD_VERSIONS = "old-versions"
    UNKNOWN_FIELDS = "unknown-fields"


SENDING_MEANS = {
    Sending.FORGED: "signs with a secret that is not the department's",
    Sending.LATE: "signs by a clock an hour slow",
    Sending.TWICE: "sends every command twice under its id",
    Sending.AGAIN_AS_NEW: "sends every command again under a new id",
    Sending.OLD_VERSIONS: "sends commands that rest on a version older than its last",
    Sending.UNKNOWN_FIELDS: "says what no command has a field for",
}
