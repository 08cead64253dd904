"""The shape of what is sent, checked against the published schemas by the jsonschema library."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from domain.drafts import CONFIRM_ENVELOPE, REJECT_ENVELOPE, SEQUENCE_ENVELOPE
from domain.errors import InvalidField
from domain.records import ENVELOPE, LOG_ENVELOPE, RECORDS, REPORT_ENVELOPE

_ENVELOPES = {
    "event": ENVELOPE,
    "report": REPORT_ENVELOPE,
    "log": LOG_ENVELOPE,
    "sequence": SEQUENCE_ENVELOPE,
    "confirm": CONFIRM_ENVELOPE,
    "reject": REJECT_ENVELOPE,
}


def _is_whole(_checker: object, value: object) -> bool:
    return type(value) is int


_Validator = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_whole),
)
"""JSON Schema takes 3.0 for an integer. A number, a version or a count is one that is written as
one: nothing later has to know of two kinds of three."""


def check_envelope(kind: str, sent: object) -> Mapping[str, Any]:
    """``sent`` as an envelope of ``kind`` (event, log, sequence …); raises ``InvalidField``."""
    _check(_envelope_validator(kind), sent, "")
    assert isinstance(sent, Mapping)
    return sent


def check_record(region: str, event: str, record: Mapping[str, Any]) -> None:
    """Raise ``InvalidField`` naming the first field of ``record`` that does not fit."""
    _check(_record_validator(region, event), record, "record")


@cache
def _envelope_validator(kind: str) -> Draft202012Validator:
    return _Validator(_ENVELOPES[kind], format_checker=Draft202012Validator.FORMAT_CHECKER)


@cache
def _record_validator(region: str, event: str) -> Draft202012Validator:
    schema = RECORDS.get((region, event))
    if schema is None:
        raise InvalidField("event", f"no event {event!r} in region {region!r}")
    return _Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _check(validator: Draft202012Validator, sent: object, prefix: str) -> None:
    faults = sorted(validator.iter_errors(sent), key=lambda fault: (len(fault.absolute_path),))
    if faults:
        raise _as_invalid(faults[0], prefix)


def _as_invalid(fault: ValidationError, prefix: str) -> InvalidField:
    path = [prefix] if prefix else []
    path += [str(part) for part in fault.absolute_path]
    if fault.validator == "required" and isinstance(fault.instance, Mapping):
        missing = [name for name in fault.validator_value if name not in fault.instance]
        return InvalidField(".".join([*path, missing[0]]), "is needed")
    if fault.validator == "additionalProperties" and isinstance(fault.instance, Mapping):
        known = fault.schema.get("properties", {})
        strange = sorted(name for name in fault.instance if name not in known)
        name = strange[0].strip() or "(empty)"
        return InvalidField(".".join([*path, name])[:200], "is not known here")
    field = ".".join(path) or "body"
    return InvalidField(field[:200], _sentence(fault))


def _sentence(fault: ValidationError) -> str:
    wanted = fault.validator_value
    sentences = {
        "type": f"must be of type {wanted}",
        "enum": f"must be one of {wanted}",
        "const": f"must be {str(wanted).lower()}",
        "format": f"must be a {wanted}" + (" with a zone" if wanted == "date-time" else ""),
        "minimum": f"must be at least {wanted}",
        "maximum": f"must be at most {wanted}",
        "minLength": "must not be empty",
        "pattern": "must not be blank",
        "maxLength": f"must have at most {wanted} characters",
        "minItems": f"must have at least {wanted}",
        "uniqueItems": "must not name anything twice",
    }
    return sentences.get(str(fault.validator), "does not fit")
