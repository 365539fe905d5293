"""A model as a file: read back as it was, and nothing else is taken for one."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from router.domain.suggest.model import suggest_by_model
from router.model_file import load_model, save_model
from schemas.errors import BadModel
from tests.router.domain.suggest.small import a_model

Change = Callable[[dict[str, bytes]], object]


class Trap:
    """What a pickle would run when it is read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a model file has been run",))


def changed(folder: Path, change: Change) -> Path:
    """A model file of which something is different."""
    whole, file = folder / "whole.model", folder / "changed.model"
    save_model(a_model(), whole)
    with zipfile.ZipFile(whole) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(file, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return file


def about(**said: Any) -> Change:
    def change(parts: dict[str, bytes]) -> None:
        parts["about.json"] = json.dumps({**json.loads(parts["about.json"]), **said}).encode()

    return change


def array(name: str, values: Any, allow_pickle: bool = False) -> Change:
    def change(parts: dict[str, bytes]) -> None:
        out = io.BytesIO()
        np.save(out, values, allow_pickle=allow_pickle)
        parts[f"{name}.npy"] = out.getvalue()

    return change


def without(name: str) -> Change:
    return lambda parts: parts.pop(name)


def test_a_model_says_the_same_after_it_was_written_and_read(tmp_path: Path) -> None:
    model, file = a_model(1.5, (0.25, -0.5, 0.0)), tmp_path / "unit.model"
    save_model(model, file)
    again = load_model(file)
    assert again.facts == model.facts
    text = "路口占道，公交司机不停车"
    assert suggest_by_model(again, text) == suggest_by_model(model, text)
    assert [each.name for each in tmp_path.iterdir()] == ["unit.model"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (about(format=3), "has format 3; this version reads up to 2"),
        (about(format=1), "has format 1; this version reads 2"),
        (about(format=0), "has format 0"),
        (about(labels=["公交"]), "labels"),
        (about(labels=["公交", "城管", "城管"]), "do not fit"),
        (about(labels=["公交", "城管"]), "do not fit"),
        (about(trust=-1), "trust"),
        (about(surprise=1), "surprise"),
        (without("about.json"), "no model"),
        (without("weights.npy"), "no model"),
        (array("weights", np.zeros((2, 3), dtype=np.float16)), "weights"),
        (array("weights", np.full((7, 3), np.nan, dtype=np.float16)), "no model"),
        (array("given", np.eye(2, dtype=np.float32)), "given"),
        (array("bias", np.array(["a", "b", "c"])), "no model"),
        (array("weights", np.array([Trap()], dtype=object), allow_pickle=True), "no model"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(tmp_path: Path, change: Change, said: str) -> None:
    with pytest.raises(BadModel, match=said):
        load_model(changed(tmp_path, change))


@pytest.mark.parametrize("given", [b"", b"PK\x03\x04", b"code,name\n1,2\n", pickle.dumps(Trap())])
def test_a_foreign_file_is_refused_and_not_run(tmp_path: Path, given: bytes) -> None:
    file = tmp_path / "foreign.model"
    file.write_bytes(given)
    with pytest.raises(BadModel, match="is no model"):
        load_model(file)


def test_a_file_cut_short_or_bitten_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "unit.model"
    save_model(a_model(), file)
    whole = file.read_bytes()
    for at in range(0, len(whole), 97):
        file.write_bytes(whole[:at])
        with pytest.raises(BadModel):
            load_model(file)
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with suppress(BadModel):
            load_model(file)
