"""The mapping of each hotline: the city's own file before the one that ships, read once."""

import tomllib
from pathlib import Path

from intake.defaults import load_mapping, shipped_mapping
from intake.domain.mapping import Mapping, read_mapping
from schemas.errors import BadMapping, Misconfigured
from services.resources import Resources

SUFFIX = ".toml"
CANONICAL = "canonical"


class Mappings:
    """This process's mappings by hotline, compiled; a changed file counts after a restart."""

    def __init__(self, resources: Resources) -> None:
        self._directory = resources.settings.mappings_dir
        self._known: dict[str, Mapping | None] = {}

    def of(self, number: str, counted_as: str) -> Mapping:
        """Return the mapping of a number, or of the line that counts its calls; else our own names."""
        return self.find(number) or self.find(counted_as) or self._canonical(counted_as)

    def of_reports(self, number: str) -> Mapping:
        """Return the mapping of a sub-centre's reports; without one, fields have our own names."""
        plain = {"name": number, "hotline": number, "fields": {"text": {"paths": ["text"]}}}
        return self.find(number) or read_mapping(plain)

    def _canonical(self, number: str) -> Mapping:
        own_names = shipped_mapping(CANONICAL).model_copy(update={"name": number, "hotline": number})
        self._known[number] = own_names
        return own_names

    def find(self, number: str) -> Mapping | None:
        """Return the mapping of a number, or None when there is none."""
        if number not in self._known:
            self._known[number] = self._read(number)
        return self._known[number]

    def check(self) -> None:
        """Raise `Misconfigured` for the first of the city's own files that is no mapping."""
        if self._directory is None:
            return
        if not self._directory.is_dir():
            raise Misconfigured(f"There is no folder {self._directory} with mappings.")
        for file in sorted(self._directory.glob(f"*{SUFFIX}")):
            try:
                read_file(file)
            except BadMapping as fault:
                raise Misconfigured(f"{file}: {fault}") from fault

    def _read(self, number: str) -> Mapping | None:
        if not number.isdecimal():
            return None
        own = self._directory and self._directory / f"{number}{SUFFIX}"
        if own and own.is_file():
            return read_file(own)
        try:
            return shipped_mapping(number)
        except BadMapping:
            return None


def read_file(file: Path) -> Mapping:
    """Return the mapping in a file; raises `BadMapping`."""
    try:
        return load_mapping(tomllib.loads(file.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise BadMapping(str(fault)) from fault


async def mappings_hold(resources: Resources) -> None:
    """Refuse to serve with a mapping file of the city that cannot be read."""
    resources.part(Mappings).check()
