"""Who may do what: Shared Key and shared access signatures, as the service checks them.

https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
https://learn.microsoft.com/rest/api/storageservices/create-service-sas and create-account-sas
"""

import base64
import datetime
import email.utils
import hashlib
import hmac
import re
import urllib.parse

from .faults import Fault, unauthenticated

SKEW_SECONDS = 15 * 60
# Versions of the interface whose rules this fake knows; what came before signs other texts.
OLDEST_VERSION, NEWEST_VERSION = "2020-12-06", "2025-05-05"
STANDARD = ["content-encoding", "content-language", "content-length", "content-md5", "content-type", "date",
            "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"]


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def check_version(version):
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", version or "") or not OLDEST_VERSION <= version <= NEWEST_VERSION:
        raise Fault(400, "InvalidHeaderValue", f"x-ms-version: {version} is not known here")


def signature(key, text):
    return base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()


def shared_key_text(request, account):
    """The text a client must have signed for this request, from what it sent and nothing else."""
    def value(name):
        text = request.headers.get(name) or ""
        return "" if name == "content-length" and text == "0" else text

    lines = [request.method] + [value(name) for name in STANDARD]
    names = sorted(name for name in request.headers if name.startswith("x-ms-"))
    headers = "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in names)
    resource = f"/{account}{request.path}"
    for name in sorted(request.query):
        resource += f"\n{name}:{','.join(sorted(request.query[name]))}"
    return "\n".join(lines) + "\n" + headers + resource


def check_shared_key(request, account, key):
    found = re.fullmatch(r"SharedKey ([^:]+):(\S+)", request.headers["authorization"])
    if not found:
        raise Fault(400, "InvalidAuthenticationInfo", "Authentication information is not given in the correct format.")
    if found[1] != account:
        raise unauthenticated("The account is not this one.")
    if "x-ms-version" not in request.headers:
        raise Fault(400, "MissingRequiredHeader", "x-ms-version")
    check_version(request.headers["x-ms-version"])
    written = request.headers.get("x-ms-date") or request.headers.get("date")
    try:
        date = email.utils.parsedate_to_datetime(written)
    except (TypeError, ValueError):
        raise unauthenticated("Request date header not specified.") from None
    if written != email.utils.format_datetime(date.astimezone(datetime.timezone.utc), usegmt=True):
        raise unauthenticated("Request date header is not in RFC 1123 form.")
    if abs((now() - date).total_seconds()) > SKEW_SECONDS:
        raise unauthenticated(f"Request date header too old or too new: '{written}'")
    text = shared_key_text(request, account)
    if not hmac.compare_digest(signature(key, text), found[2]):
        raise unauthenticated(f"The MAC signature found in the HTTP request is not the same as any computed signature. "
                              f"Server used following string to sign: {text!r}.")


def moment(text):
    """A time of an access signature in one of the three forms it may have."""
    for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d"):
        try:
            return datetime.datetime.strptime(text, form).replace(tzinfo=datetime.timezone.utc)
        except ValueError:
            continue
    raise unauthenticated(f"'{text}' is not a time.")


def check_access_signature(request, account, key, container, blob, permissions):
    """Checks the signature in the query, and that it allows one of `permissions` on what the request is about."""
    fields = {}
    for name, values in request.query.items():
        if len(values) != 1:
            raise unauthenticated(f"{name} is given twice.")
        fields[name] = values[0]

    def field(name):
        return fields.get(name, "")

    check_version(field("sv"))
    if "ss" in fields:
        text = "\n".join([account, field("sp"), field("ss"), field("srt"), field("st"), field("se"), field("sip"),
                          field("spr"), field("sv"), field("ses"), ""])
        if "b" not in field("ss"):
            raise Fault(403, "AuthorizationServiceMismatch")
        if ("c" if blob is None else "o") not in field("srt"):
            raise Fault(403, "AuthorizationResourceTypeMismatch")
    else:
        kind = field("sr")
        if kind == "b" and blob is not None:
            resource = f"/blob/{account}/{container}/{blob}"
        elif kind == "c":
            resource = f"/blob/{account}/{container}"
        else:
            raise unauthenticated("Signature did not match the resource.")
        text = "\n".join([field("sp"), field("st"), field("se"), resource, field("si"), field("sip"), field("spr"),
                          field("sv"), kind, "", field("ses"), field("rscc"), field("rscd"), field("rsce"),
                          field("rscl"), field("rsct")])
    if not hmac.compare_digest(signature(key, text), field("sig")):
        raise unauthenticated(f"Signature did not match. String to sign used was {text!r}")
    if field("st") and now() < moment(field("st")) or now() >= moment(field("se")):
        raise unauthenticated(f"Signature not valid in the specified time frame: Start [{field('st')}] - "
                              f"Expiry [{field('se')}]")
    if field("spr") == "https":
        raise Fault(403, "AuthorizationProtocolMismatch", "This fake speaks http only.")
    if not any(letter in field("sp") for letter in permissions):
        raise Fault(403, "AuthorizationPermissionMismatch",
                    "This request is not authorized to perform this operation using this permission.")


def parse_query(text):
    """Names in lower case to the values given for them, decoded once; a plus sign is a plus sign."""
    query = {}
    for item in filter(None, text.split("&")):
        name, _, value = item.partition("=")
        query.setdefault(urllib.parse.unquote(name).lower(), []).append(urllib.parse.unquote(value))
    return query
