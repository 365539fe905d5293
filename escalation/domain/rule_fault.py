"""What is wrong with a calendar, limits or a ladder, in a sentence a clerk can act on."""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class RuleFault:
    """An error stops saving and publishing; `row` counts from 1 in the rows as they were sent."""

    code: str
    message: str
    row: int | None = None
    severity: Literal["error", "warning"] = "error"

    @property
    def is_error(self) -> bool:
        """Whether the rules cannot be published with it."""
        return self.severity == "error"

    def record(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {"code": self.code, "severity": self.severity, "message": self.message, "row": self.row}
