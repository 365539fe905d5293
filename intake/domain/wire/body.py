"""A request body becomes a record, by its Content-Type or, without one, as its hotline always sends."""

from typing import Any

from intake.domain.wire.csv_body import read_csv
from intake.domain.wire.encoding import declared_in_xml, decode, unmarked
from intake.domain.wire.form_body import read_form, read_multipart
from intake.domain.wire.json_body import read_json
from intake.domain.wire.media import Wire, parameters, wire_of
from intake.domain.wire.xml_body import read_xml


def read_body(raw: bytes, header: str | None, usual: Wire = Wire.JSON, encoding: str | None = None) -> Any:
    """
    Return what a body holds; raises `UnsupportedMedia` or `Invalid`.

    `header` is its Content-Type. `usual` and `encoding` are those of the
    hotline's mapping and count where the body itself says nothing.
    """
    wire = wire_of(header) if header else usual
    charset = parameters(header).get("charset") if header else None
    if wire is Wire.FORM:
        return read_form(unmarked(raw), charset or encoding)
    if wire is Wire.MULTIPART:
        return read_multipart(unmarked(raw), header or "", charset or encoding)
    if wire is Wire.XML:
        return read_xml(decode(raw, charset or declared_in_xml(raw) or encoding))
    read = read_csv if wire is Wire.CSV else read_json
    return read(decode(raw, charset or encoding))
