"""`hotline settings`: every variable an operator can set, as the manual shows it."""

import typer

from services.settings import describe


def show_settings() -> None:
    """Print every setting as a Markdown table; the operations manual is made of it."""
    typer.echo(settings_table(), nl=False)


def settings_table() -> str:
    """Return the table of settings in Markdown."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | `{default}` | {meaning} |" for name, default, meaning in describe()]
    return "\n".join(lines) + "\n"
