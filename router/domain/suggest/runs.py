"""A text as the model sees it: the runs of one to three characters that stand in it."""

LONGEST = 3
MOST_CHARACTERS = 1200
"""A longer text, mostly quoted answers, is read at its beginning and its end: the end says what is asked."""

_FULL_WIDTH = {code + 0xFEE0: chr(code) for code in range(0x21, 0x7F)}
_BLANK = dict.fromkeys([*range(0x09, 0x0E), *range(0x1C, 0x21), 0x85, 0xA0, 0x2028, 0x2029, 0x3000], " ")
_UPPER = {code: chr(code).lower() for code in range(0x41, 0x5B)}
_PLAIN = str.maketrans(
    {**_FULL_WIDTH, **_BLANK, **_UPPER, **{each + 0xFEE0: _UPPER[each] for each in _UPPER}}
)


def plain(text: str) -> str:
    """Return text of one width and case; each character stays where it was."""
    return text.translate(_PLAIN)


def pieces(text: str) -> list[tuple[int, str]]:
    """Return what is read of a text, each piece with where it begins."""
    said = plain(text)
    if len(said) <= MOST_CHARACTERS:
        return [(0, said)]
    half = MOST_CHARACTERS // 2
    return [(0, said[:half]), (len(said) - half, said[-half:])]


def runs_of(text: str) -> list[str]:
    """Return every run of one to three characters, as often as it stands there."""
    return [
        piece[at : at + size]
        for _, piece in pieces(text)
        for size in range(1, LONGEST + 1)
        for at in range(len(piece) - size + 1)
    ]


def places_of(text: str) -> list[tuple[int, int]]:
    """Return where each of those runs begins and ends, in the same order."""
    return [
        (start + at, start + at + size)
        for start, piece in pieces(text)
        for size in range(1, LONGEST + 1)
        for at in range(len(piece) - size + 1)
    ]
