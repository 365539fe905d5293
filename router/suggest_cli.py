"""`hotline suggest`: train, evaluate and watch what suggests departments and categories."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from schemas.errors import Invalid
from services.cli.reach import Json, told
from services.clock import SystemClock

# What learns is imported by the command that needs it: it is large, and other commands do not.
if TYPE_CHECKING:
    from router.domain.suggest.drift import Drift
    from router.domain.suggest.suggestion import Suggestion
    from router.labelled_file import History
    from router.try_model import Tried

WORST = 10
SUFFIX = ".evaluation.json"

FileOfCalls = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV, also .gz; UTF-8 or GB18030.")
]
ModelFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="What `train` wrote.")
]
Text = Annotated[str, typer.Option("--text", help="The column that holds what the caller said.")]
LabelColumn = Annotated[str, typer.Option("--label", help="The column that holds the right answer.")]
Same = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        readable=True,
        help="Names that mean the same: CSV with the columns name and same_as.",
    ),
]

suggest = typer.Typer(
    no_args_is_help=True, help="Suggest a department or a category by the text, learned from a history."
)


@suggest.command("train")
def train_model(
    file: FileOfCalls,
    text: Text,
    label: LabelColumn,
    out: Annotated[
        Path, typer.Option(dir_okay=False, help="Write the model here, its evaluation beside it.")
    ],
    group: Annotated[
        str | None,
        typer.Option(help="A column whose equal values belong together, such as a matter's number."),
    ] = None,
    same: Same = None,
    as_json: Json = False,
) -> None:
    """
    Train a model on a FILE of calls whose right labels are known, and evaluate it.

    The evaluation is of texts the model had not seen, near-duplicates kept
    apart; thresholds are chosen so that they keep what they promise.
    """
    with told():
        from router.labelled_file import merged, read_history, read_same
        from router.model_file import save_model
        from router.train import STEPS, train

        if not out.absolute().parent.is_dir():
            raise Invalid(f"There is no folder {out.absolute().parent}.")
        if out.exists() and out.samefile(file):
            raise Invalid("The model would be written over the history it learns from.")
        history = read_history(file, text, [label, *([group] if group else [])], [label])
        history = merged(history, label, read_same(same) if same else {})
        _tell_skipped(history)
        with _bar("train", STEPS) as step:
            done = train(history, text, label, SystemClock().now(), step, group)
        save_model(done.model, out)
        beside = out.with_name(out.name + SUFFIX)
        beside.write_text(json.dumps(done.evaluation, ensure_ascii=False, indent=1) + "\n", "utf-8")
    if as_json:
        typer.echo(json.dumps(done.evaluation, ensure_ascii=False))
    else:
        _show_figures(f"Model {done.model.facts.version}, on texts it had not seen", done.evaluation)
        typer.echo(f"{out}, {out.stat().st_size / 1e6:.1f} MB; {beside}")


@suggest.command("evaluate")
def evaluate_model(
    model: ModelFile,
    file: FileOfCalls,
    text: Text,
    label: LabelColumn,
    same: Same = None,
    as_json: Json = False,
) -> None:
    """
    Try a MODEL on a FILE of calls whose right labels are known.

    What was promised in training stands beside what is found here. A label the
    model has never seen counts as wrong.
    """
    with told():
        from router.labelled_file import merged, read_history, read_same
        from router.model_file import load_model
        from router.try_model import try_model

        loaded = load_model(model)
        history = merged(read_history(file, text, [label], [label]), label, read_same(same) if same else {})
        _tell_skipped(history)
        with _bar("calls", len(history.texts)) as step:
            tried = try_model(loaded, history, label, lambda: step("calls"))
    figures = tried.as_dict()
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False))
        return
    _show_figures(f"Model {loaded.facts.version} on {file.name}", figures)
    _show_worst(tried)
    unseen = sum(each.truth not in loaded.labels for each in tried.outcomes)
    if unseen:
        typer.echo(f"{unseen} rows have a label the model has never seen; they count as wrong.")


@suggest.command("try")
def try_text(
    said: Annotated[str, typer.Argument(metavar="TEXT", help="What the caller says.")],
    model: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, readable=True, help="What `train` wrote.")
    ] = None,
    names: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, readable=True, help="CSV with the columns code and name."),
    ] = None,
    as_json: Json = False,
) -> None:
    """
    Suggest for one TEXT, with the words that decided.

    Without a model, or where the model knows no word of the text, the names of
    the labels are compared, and the answer says so.
    """
    if model is None and names is None:
        raise typer.BadParameter("Name a --model, or --names to compare with, or both.")
    with told():
        from router.domain.suggest.suggester import Suggester
        from router.labelled_file import read_names
        from router.model_file import load_model

        suggester = Suggester(load_model(model) if model else None, read_names(names) if names else {})
        found = suggester.suggest(said)
    if as_json:
        typer.echo(json.dumps({"source": found.source, **asdict(found)}, ensure_ascii=False))
    else:
        _show_suggestion(found)


@suggest.command("drift")
def watch_drift(model: ModelFile, file: FileOfCalls, text: Text, as_json: Json = False) -> None:
    """
    Compare a FILE of recent calls with those a MODEL was trained on.

    Exits with 1 when they have drifted so far that it should be trained anew.
    """
    with told():
        from router.domain.suggest.drift import Look, Verdict, drift, look_at
        from router.labelled_file import read_history
        from router.model_file import load_model

        loaded = load_model(model)
        history = read_history(file, text)
        _tell_skipped(history)
        facts = loaded.facts
        then = Look(facts.rows, facts.shares, facts.confidence, facts.unknown)
        found = drift(then, look_at(loaded, history.texts))
    if as_json:
        measures = [{**asdict(each), "verdict": str(each.verdict)} for each in found.findings]
        shown = {"verdict": str(found.verdict), "n": found.n, "model": facts.version, "findings": measures}
        typer.echo(json.dumps(shown, ensure_ascii=False))
    else:
        _show_drift(facts.version, found)
    if found.verdict is Verdict.DRIFTED:
        raise typer.Exit(1)


def _tell_skipped(history: "History") -> None:
    console = Console(stderr=True)
    if history.skipped:
        console.print(f"[bold red]{history.skipped} rows skipped:[/] no text, or no label.")
    if history.broken:
        console.print(f"[bold red]{history.broken} rows skipped:[/] not the columns of the header.")


@contextmanager
def _bar(what: str, total: int) -> Iterator[Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=sys.stderr)) as progress:
        task = progress.add_task(what, total=total)
        begun = False

        def step(name: str) -> None:
            nonlocal begun
            progress.update(task, description=name, advance=1 if begun or name == what else 0)
            begun = True

        yield step
        progress.update(task, completed=total)


def _show_figures(title: str, figures: dict[str, Any]) -> None:
    table = Table("", "figure", title=title)
    table.add_row("calls", f"{figures['n']:,}")
    for name in ("top1", "top3", "macro_f1", "ms_per_call"):
        if name in figures:
            table.add_row(name.replace("_", " "), f"{figures[name]:.4f}")
    Console().print(table)
    kept = Table("promised precision", "threshold", "coverage", "precision found", title="By themselves")
    for promised, each in figures["coverage"].items():
        kept.add_row(promised, *(_figure(each[name]) for name in ("threshold", "coverage", "precision")))
    Console().print(kept)


def _show_worst(tried: "Tried") -> None:
    common = [each for each in tried.labels() if each.n][: 3 * WORST]
    table = Table("label", "calls", "precision", "recall", "f1", title="The worst of the common labels")
    for each in sorted(common, key=lambda each: each.f1)[:WORST]:
        table.add_row(each.label, str(each.n), *map(_figure, (each.precision, each.recall, each.f1)))
    Console().print(table)


def _show_suggestion(found: "Suggestion") -> None:
    table = Table("label", "confidence", "words", title=found.source)
    for each in found.candidates:
        words = "、".join(f"{word.text} {word.share:.0%}" for word in each.words)
        table.add_row(each.label, f"{each.confidence:.3f}", words)
    Console().print(table)
    if found.named_units:
        typer.echo(
            f"units the text asks to act, which is evidence and no proof: {'、'.join(found.named_units)}"
        )


def _show_drift(version: str, found: "Drift") -> None:
    table = Table("measure", "then", "now", "apart", "watch above", "drifted above", "verdict")
    table.title = f"Model {version}, {found.n:,} recent calls: {found.verdict}"
    for each in found.findings:
        numbers = (each.then, each.now, each.apart, each.watch, each.drifted)
        table.add_row(each.measure.replace("_", " "), *map(_figure, numbers), str(each.verdict))
    Console().print(table)


def _figure(number: float | None) -> str:
    return "-" if number is None else f"{number:.3f}"
