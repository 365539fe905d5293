"""The command line: the name of each command, and where it is."""

import gc
import sys
from collections.abc import Iterable
from pkgutil import resolve_name

import typer

COMMANDS = {
    "up": "services.composition:up",
    "run": "services.composition:run",
    "migrate": "services.composition:migrate",
    "demo": "services.cli.demo:play_demo",
    "clock": "services.cli.clock:move_clock",
    "pg": "services.cli.pg:run_program",
    "settings": "services.cli.manual:show_settings",
    "department-sim": "services.cli.department_sim:simulate_department",
    "conformance": "services.cli.conformance:check_conformance",
    "import": "intake.cli:import_file",
    "normalize": "intake.normalize_cli:normalize_file",
    "deadline": "escalation.deadline_cli:deadline",
    "keys": "services.cli.keys:keys",
    "dead-letters": "services.cli.dead_letters:dead_letters",
    "contracts": "services.composition:contracts",
    "departments": "router.department_cli:departments",
    "jurisdictions": "router.jurisdictions_cli:jurisdictions",
    "suggest": "router.suggest_cli:suggest",
    "calendar": "escalation.calendar_cli:calendar",
}

HAND_OPTIONS_ON = ("pg",)


def command_line(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """Return the command line with these commands; only what they need is loaded."""
    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
    app.callback()(_hotline)
    for name in names:
        found = resolve_name(COMMANDS[name])
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            handed_on = {"ignore_unknown_options": name in HAND_OPTIONS_ON}
            app.command(name, context_settings=handed_on)(found)
    return app


def _hotline() -> None:
    """The 12345 ticket-routing service. In a checkout, `./hotline test` runs the tests."""


def main() -> None:
    """Run the command that is asked for."""
    gc.disable()  # loading leaves no garbage, and looking for it takes a fifth of the time
    asked = [name for name in sys.argv[1:2] if name in COMMANDS]
    app = command_line(asked or COMMANDS)
    gc.enable()
    app(prog_name="hotline")


if __name__ == "__main__":
    main()
