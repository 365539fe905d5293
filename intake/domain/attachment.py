"""Which files may hang on a ticket: what they say they are must be allowed, and fit their name."""

from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from schemas.errors import Invalid
from schemas.ticket import Attachment

LARGEST = 500_000_000

MEDIA_TYPES: dict[str, tuple[str, ...]] = {
    "image/jpeg": ("jpg", "jpeg", "jfif"),
    "image/png": ("png",),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/bmp": ("bmp",),
    "image/heic": ("heic", "heif"),
    "image/tiff": ("tif", "tiff"),
    "audio/mpeg": ("mp3",),
    "audio/mp4": ("m4a", "mp4"),
    "audio/aac": ("aac",),
    "audio/amr": ("amr",),
    "audio/wav": ("wav",),
    "audio/x-wav": ("wav",),
    "audio/ogg": ("ogg", "oga", "opus"),
    "video/mp4": ("mp4", "m4v"),
    "video/quicktime": ("mov",),
    "video/webm": ("webm",),
    "video/x-msvideo": ("avi",),
    "video/3gpp": ("3gp",),
    "application/pdf": ("pdf",),
    "application/ofd": ("ofd",),
    "application/msword": ("doc",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("docx",),
    "application/vnd.ms-excel": ("xls",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xlsx",),
    "application/vnd.ms-powerpoint": ("ppt",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ("pptx",),
    "application/vnd.ms-works": ("wps",),
    "application/zip": ("zip",),
    "text/plain": ("txt", "log"),
    "text/csv": ("csv",),
}
"""Pictures, recordings, films and papers, with the endings their files bear. No programs, no HTML, no SVG."""

SCHEMES = ("https", "http", "s3", "oss", "obs", "cos")
_ENDINGS = frozenset(ending for endings in MEDIA_TYPES.values() for ending in endings)


def check_attachment(given: Attachment, pointer: str = "") -> None:
    """
    Raise `Invalid` for a type that is not taken, an address that is none, or a name that says otherwise.

    Nothing is fetched: the digest is the sender's word, and whoever opens the
    file compares it.
    """
    endings = MEDIA_TYPES.get(given.media_type)
    if endings is None:
        raise Invalid(f"Files of type {given.media_type} are not taken.", pointer=f"{pointer}/media_type")
    if given.size is not None and given.size > LARGEST:
        raise Invalid(f"A file has at most {LARGEST} bytes.", pointer=f"{pointer}/size")
    _check_ending(_path_of(given.url, pointer), endings, f"{pointer}/url")
    if given.name is not None:
        _check_ending(given.name, endings, f"{pointer}/name")


def _path_of(url: str, pointer: str) -> str:
    try:
        parts = urlsplit(url)
        named = parts.scheme in SCHEMES and parts.hostname and not (parts.username or parts.password)
    except ValueError as fault:
        raise Invalid(f"This is no address: {fault}.", pointer=f"{pointer}/url") from fault
    if not named or any(each.isspace() for each in url):
        said = f"An address begins with {', '.join(SCHEMES)} and holds no password."
        raise Invalid(said, pointer=f"{pointer}/url")
    return unquote(parts.path)


def _check_ending(name: str, endings: tuple[str, ...], pointer: str) -> None:
    """A name without an ending contradicts nothing; nor does one whose last dot is no ending of ours."""
    ending = PurePosixPath(name).suffix.lstrip(".").lower()
    plain = ending.isascii() and ending.isalnum() and 1 < len(ending) <= 5
    if plain and ending not in endings and (ending in _ENDINGS or not ending.isdigit()):
        raise Invalid(f"The name ends in .{ending}, the type in none of its kind.", pointer=pointer)
