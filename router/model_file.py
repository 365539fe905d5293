"""A model as a file: arrays and JSON in one zip, read without running anything that is in it."""

import io
import json
import zipfile
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from router.domain.suggest.model import Facts, Model
from schemas.errors import BadModel
from schemas.problem import what_is_wrong

FORMAT = 2
ABOUT = "about.json"
ARRAYS = ("rarity", "weights", "bias", "given", "trust_bias")
MOST_BYTES = 2 << 30
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    EOFError,
    ValueError,
    RuntimeError,
    MemoryError,
)


class About(BaseModel):
    """Everything of a model but its numbers, as it stands in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format: int
    facts: Facts
    labels: list[str] = Field(min_length=2)
    known: list[str] = Field(min_length=1)
    trust: float = Field(gt=0)


def save_model(model: Model, file: Path) -> None:
    """Write a model; the file is whole or is not there."""
    known = sorted(model.known, key=model.known.__getitem__)
    about = {
        "format": FORMAT,
        "facts": asdict(model.facts),
        "labels": model.labels,
        "known": known,
        "trust": model.trust,
    }
    arrays: dict[str, NDArray[Any]] = {
        "rarity": model.rarity.astype(np.float32),
        "weights": model.weights.astype(np.float16),
        "bias": model.bias.astype(np.float32),
        "given": model.given.astype(np.float32),
        "trust_bias": model.trust_bias.astype(np.float32),
    }
    half = file.with_name(f"{file.name}.part")
    with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(ABOUT, json.dumps(about, ensure_ascii=False))
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as stream:
                np.lib.format.write_array(stream, array, allow_pickle=False)
    half.replace(file)


def load_model(file: Path) -> Model:
    """
    Read a model; raises `BadModel` for anything that is not a whole one of a format this version knows.

    Nothing in the file is run: numbers are read as numbers, words as JSON.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(each.file_size for each in archive.infolist()) > MOST_BYTES:
                raise BadModel(f"{file.name} unpacks to more than {MOST_BYTES >> 30} GiB.")
            about = _about(file, archive.read(ABOUT))
            arrays = {name: _array(archive.read(f"{name}.npy")) for name in ARRAYS}
    except UNREADABLE as fault:
        raise BadModel(
            f"{file.name} is no model of `hotline suggest train`, or is damaged: {fault}"
        ) from fault
    return _fitting(file, about, arrays)


def _about(file: Path, given: bytes) -> About:
    said: Any = json.loads(given)
    number = said.get("format") if isinstance(said, dict) else None
    if isinstance(number, int) and number > FORMAT:
        raise BadModel(
            f"{file.name} has format {number}; this version reads up to {FORMAT}. Update, or train anew."
        )
    try:
        about = About.model_validate(said)
    except ValidationError as fault:
        place = ".".join(str(each) for each in fault.errors()[0]["loc"])
        raise BadModel(f"{file.name} is no model: {place}: {what_is_wrong(fault.errors()[0])}.") from fault
    if about.format != FORMAT:
        raise BadModel(f"{file.name} has format {about.format}; this version reads {FORMAT}. Train anew.")
    return about


def _array(given: bytes) -> NDArray[np.float32]:
    array = np.lib.format.read_array(io.BytesIO(given), allow_pickle=False)
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        raise ValueError("numbers that are none")
    return np.ascontiguousarray(array, dtype=np.float32)


def _fitting(file: Path, about: About, arrays: dict[str, NDArray[np.float32]]) -> Model:
    runs, labels = len(about.known), len(about.labels)
    shapes = {
        "rarity": (runs,),
        "weights": (runs, labels),
        "bias": (labels,),
        "given": (labels, labels),
        "trust_bias": (labels,),
    }
    wrong = [name for name, shape in shapes.items() if arrays[name].shape != shape]
    known = {run: at for at, run in enumerate(about.known)}
    if wrong or len(known) != runs or len(set(about.labels)) != labels:
        raise BadModel(f"{file.name} is damaged: {', '.join(wrong) or 'words'} do not fit the labels.")
    return Model(about.facts, tuple(about.labels), known, trust=about.trust, **arrays)
