"""CSV: a header line and exactly one row."""

import csv
import io
from typing import Any

from schemas.errors import Invalid


def read_csv(text: str) -> dict[str, Any]:
    """Return the one row of a CSV document by its columns; raises `Invalid`."""
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line]
    except csv.Error as fault:
        raise Invalid(f"The body is no CSV: {fault}.", pointer="") from fault
    if len(lines) != 2:
        raise Invalid(f"A call is a header line and one row; there are {len(lines)} lines.", pointer="")
    header, row = ([cell.strip() for cell in line] for line in lines)
    if len(row) != len(header):
        raise Invalid(f"The header has {len(header)} columns, the row {len(row)} cells.", pointer="")
    if len(set(header)) != len(header):
        raise Invalid("Two columns have the same name.", pointer="")
    return dict(zip(header, row, strict=True))
