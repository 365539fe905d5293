"""The command line; the composition root, which alone knows all three packages."""

import typer

from escalation.role import escalation
from intake.role import intake
from router.role import router
from services.cli.clock import move_clock
from services.cli.conformance import check_conformance
from services.cli.contracts import contracts
from services.cli.dead_letters import dead_letters
from services.cli.demo import play_demo
from services.cli.department_sim import simulate_department
from services.cli.keys import keys
from services.cli.manual import show_settings
from services.cli.pg import run_program
from services.cli.serving import commands

ROLES = (intake, router, escalation)

app = typer.Typer(
    name="hotline",
    help="The 12345 ticket-routing service. In a checkout, `./hotline test` runs the tests.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(keys, name="keys")
app.add_typer(dead_letters, name="dead-letters")
app.add_typer(contracts, name="contracts")
app.command("settings")(show_settings)
app.command("demo")(play_demo)
app.command("clock")(move_clock)
app.command("department-sim")(simulate_department)
app.command("conformance")(check_conformance)
app.command("pg", context_settings={"ignore_unknown_options": True})(run_program)
for name, command in commands(ROLES).items():
    app.command(name)(command)
for role in ROLES:
    for name, found in role.commands.items():
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)


def main() -> None:
    """Run the command line."""
    app(prog_name="hotline")


if __name__ == "__main__":
    main()
