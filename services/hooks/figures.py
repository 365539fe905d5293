"""What a monitor reads of the hooks of this process."""

from services.metrics import Metrics
from services.resources import Resources

COMMANDS = "hotline_hook_commands_total"
REFUSED = "hotline_hook_messages_refused_total"


class HookFigures:
    """Commands by what became of them, and messages that were not let in."""

    def __init__(self, resources: Resources) -> None:
        self._metrics = resources.part(Metrics)
        self._metrics.describe(COMMANDS, "Commands of departments' systems, by outcome.", "counter")
        self._metrics.describe(REFUSED, "Messages that were not let in, by the problem's code.", "counter")

    def decided(self, outcome: str) -> None:
        """Count a command."""
        self._metrics.add(COMMANDS, outcome=outcome)

    def not_let_in(self, code: str) -> None:
        """Count a message whose signature is not valid now."""
        self._metrics.add(REFUSED, code=code)
