"""The command line with every command, run in this process by `CliRunner`."""

from services.__main__ import command_line

app = command_line()
