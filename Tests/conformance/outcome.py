"""What a check can end as, and the assertions that say what was seen."""

import json
import re

ERROR_CODES = set(
    "BLOB_UNKNOWN BLOB_UPLOAD_INVALID BLOB_UPLOAD_UNKNOWN DIGEST_INVALID MANIFEST_BLOB_UNKNOWN MANIFEST_INVALID "
    "MANIFEST_UNKNOWN NAME_INVALID NAME_UNKNOWN SIZE_INVALID UNAUTHORIZED DENIED UNSUPPORTED TOOMANYREQUESTS "
    "MANIFEST_UNVERIFIED TAG_INVALID RANGE_INVALID PAGINATION_NUMBER_INVALID UNAVAILABLE UNKNOWN".split()
)


class Failed(Exception):
    """The registry broke the rule."""


class Skipped(Exception):
    """The rule cannot be judged here; the text says why."""


def expect(condition, message):
    if not condition:
        raise Failed(message)


def said(response):
    """A response in a few words."""
    request = re.sub(r"_state=[\w-]+=*", "_state=…", response.request)
    text = f"{request} -> {response.status}"
    code = first_code(response)
    return f"{text} {code}" if code else text


def first_code(response):
    try:
        return json.loads(response.body)["errors"][0]["code"]
    except (ValueError, KeyError, IndexError, TypeError):
        return None


def codes(response):
    try:
        return [entry["code"] for entry in json.loads(response.body)["errors"]]
    except (ValueError, KeyError, TypeError):
        return []


def status(response, *wanted):
    """Fails unless the status is one of `wanted`; returns the response."""
    expect(response.status in wanted, f"{said(response)}, expected {' or '.join(map(str, wanted))}")
    return response


def refused(response, statuses, *wanted):
    """Fails unless the response is an error of one of `statuses` whose codes are all in `wanted`."""
    statuses = statuses if isinstance(statuses, tuple) else (statuses,)
    status(response, *statuses)
    error_shape(response)
    if wanted:
        expect(first_code(response) in wanted, f"{said(response)}, expected code {' or '.join(wanted)}")
    return response


def error_shape(response):
    """The JSON shape of an error body (distribution-spec, "Error Codes")."""
    where = said(response)
    try:
        document = json.loads(response.body)
    except ValueError:
        raise Failed(f"{where}: the body is not JSON: {response.body[:60]!r}") from None
    expect(isinstance(document, dict) and isinstance(document.get("errors"), list), f"{where}: no errors list")
    expect(document["errors"], f"{where}: empty errors list")
    for entry in document["errors"]:
        code = entry.get("code") if isinstance(entry, dict) else None
        expect(isinstance(code, str) and re.fullmatch("[A-Z_]+", code), f"{where}: code {code!r}")
        expect(code in ERROR_CODES, f"{where}: code {code} is in no table")
    kind = response.get("Content-Type", "")
    expect(kind.partition(";")[0].strip() == "application/json", f"{where}: Content-Type {kind!r}")


def field(response, name):
    """The value of a header field that must be there exactly once."""
    values = response.all(name)
    expect(values, f"{said(response)}: no {name}")
    expect(len(values) == 1, f"{said(response)}: {len(values)} {name} fields")
    return values[0]


def same(what, wanted, seen):
    expect(wanted == seen, f"{what}: expected {short(wanted)}, saw {short(seen)}")


def short(value):
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."


def not_offered(why):
    raise Skipped(f"not offered: {why}")
