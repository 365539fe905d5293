"""The shape of the project, kept by machine: types, style, direction of imports, sizes, names."""

import ast
import re
import statistics
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from pydantic import BaseModel

import schemas.errors
import schemas.events
import schemas.hook_errors
import schemas.ticket
import schemas.webhook_errors
from schemas.errors import HotlineError

ROOT = Path(__file__).parents[1]
PACKAGES = ("schemas", "services", "intake", "router", "escalation")
MODULES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
LONGEST_MODULE, MEDIAN_MODULE = 400, 110
LONGEST_FUNCTION, MEDIAN_FUNCTION = 45, 9
BANNED_NAMES = {"utils", "util", "helpers", "helper", "manager", "base_service", "misc"}


def _run(*command: str) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_linter_finds_nothing() -> None:
    _run("ruff", "check", "--no-cache", ".")


def test_the_code_is_formatted() -> None:
    _run("ruff", "format", "--no-cache", "--check", ".")


def test_the_types_hold() -> None:
    _run("mypy", "--cache-dir", "/dev/null")


def test_imports_keep_their_direction() -> None:
    _run("importlinter.cli")


def test_modules_stay_short() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in MODULES if path.name != "__init__.py"}
    too_long = {str(path.relative_to(ROOT)) for path, length in lengths.items() if length > LONGEST_MODULE}
    assert not too_long
    assert statistics.median(lengths.values()) <= MEDIAN_MODULE


def _functions(path: Path) -> list[tuple[str, int]]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            found.append((f"{path.name}:{node.name}", (node.end_lineno or 0) - body[0].lineno + 1))
    return found


def test_functions_stay_short() -> None:
    lengths = [each for path in MODULES for each in _functions(path)]
    assert not [name for name, length in lengths if length > LONGEST_FUNCTION]
    assert statistics.median(length for _, length in lengths) <= MEDIAN_FUNCTION


def test_every_module_says_its_job_in_one_line() -> None:
    silent = [
        str(path.relative_to(ROOT)) for path in MODULES if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not [path for path in MODULES if path.stem in BANNED_NAMES]


@pytest.mark.parametrize("module", [schemas.ticket, schemas.events], ids=lambda each: each.__name__)
def test_moments_end_in_at_and_only_moments_do(module: object) -> None:
    """`_at` is an aware moment, `_on` a civil day: a reader never has to look."""
    wrong = []
    for schema in vars(module).values():
        if isinstance(schema, type) and issubclass(schema, BaseModel):
            for name, field in schema.model_fields.items():
                is_moment = "datetime" in str(field.annotation).lower()
                if is_moment != (name.endswith("_at") or name in ("at", "time")):
                    wrong.append(f"{schema.__name__}.{name}")
    assert not wrong


def test_every_error_has_a_code_of_its_own_and_stands_in_the_drawn_tree() -> None:
    trees = (schemas.errors, schemas.hook_errors, schemas.webhook_errors)
    classes = {
        each
        for tree in trees
        for each in vars(tree).values()
        if isinstance(each, type) and issubclass(each, HotlineError)
    }
    codes = [each.code for each in classes]
    assert len(set(codes)) == len(codes)
    drawn = "".join(tree.__doc__ or "" for tree in trees)
    assert not [each.__name__ for each in classes if each.__name__ not in drawn]


@pytest.mark.parametrize("lock", ["requirements.lock", "tests/requirements.lock"])
def test_a_lock_pins_what_is_asked_for_with_its_extras(lock: str) -> None:
    """Else an installer takes the newest release for the extra, and refuses it for want of a hash."""
    pinned = set(re.findall(r"^(\S+)==", (ROOT / lock).read_text(), re.MULTILINE))
    bare = {each.partition("[")[0] for each in pinned}
    own = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    theirs = [
        needed for each in distributions() if each.name.lower() in bare for needed in each.requires or ()
    ]
    asked = {
        f"{needed.name}[{','.join(sorted(needed.extras))}]"
        for needed in map(Requirement, [*own, *theirs])
        if needed.extras and needed.name in bare
        if needed.marker is None or needed.marker.evaluate({"extra": ""})
    }
    assert asked
    assert asked <= pinned


WRITING = {"insert", "update", "delete", "upsert"}


def test_a_package_writes_only_its_own_tables() -> None:
    """A ticket changes through `TicketStore` alone, and nobody writes behind another's back."""
    strangers = []
    for path in MODULES:
        tree, package = ast.parse(path.read_text()), path.relative_to(ROOT).parts[0]
        others = {
            name.asname or name.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("tables")
            if (node.module or "").split(".")[0] != package
            for name in node.names
        }
        strangers += [
            f"{path.relative_to(ROOT)}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in WRITING
            if node.args and isinstance(node.args[0], ast.Name) and node.args[0].id in others
        ]
    assert strangers == []
