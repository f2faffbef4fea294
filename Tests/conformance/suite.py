"""The list of checks, and running them."""

import time
import traceback
from dataclasses import dataclass, field
from typing import Callable

from http11 import Broken
from outcome import Failed, Skipped

LEVELS = ("M", "S", "F")


@dataclass
class Check:
    number: str
    level: str
    name: str
    run: Callable
    dev: bool = False  # Only part of the 1.1+dev text.
    last: bool = False  # Judges what the others saw, so it runs after them.


@dataclass
class Result:
    check: Check
    outcome: str
    detail: str
    seconds: float = 0.0
    trace: str = field(default="", repr=False)


CHECKS: list[Check] = []


def check(number, level, name, dev=False, last=False):
    """Registers the decorated function, which takes the registry, as a check; its returned text becomes the detail."""
    assert level in LEVELS, level
    assert all(known.number != str(number) for known in CHECKS), f"check {number} twice"

    def register(function):
        CHECKS.append(Check(str(number), level, name, function, dev, last))
        return function

    return register


def cases(number, level, name, table, dev=False):
    """Registers one check per row: `table` maps a suffix to the arguments the function gets after the registry."""

    def register(function):
        for suffix, arguments in table.items():
            arguments = arguments if isinstance(arguments, tuple) else (arguments,)
            body = lambda registry, arguments=arguments: function(registry, *arguments)
            check(f"{number}-{suffix}", level, f"{name}: {suffix}", dev=dev)(body)
        return function

    return register


def order(item):
    """Numbers first, then the lettered groups as they were registered."""
    number = item.number.partition("-")[0]
    return (item.last, 0 if number.isdigit() else 1, int(number) if number.isdigit() else 0)


def chosen(levels, version, only):
    """The checks to run: of these levels and this version of the text, or exactly those named (a number or a prefix)."""
    found = []
    for item in sorted(CHECKS, key=order):
        if only:
            if any(item.number == name or item.number.startswith(name + "-") for name in only):
                found.append(item)
        elif item.level in levels and (version == "dev" or not item.dev):
            found.append(item)
    return found


def run(item, registry, verbose=False):
    """Runs one check; whatever goes wrong in it is its failure."""
    begun = time.monotonic()
    trace = ""
    try:
        outcome, detail = "pass", item.run(registry) or ""
    except Skipped as reason:
        outcome, detail = "skip", str(reason)
    except Failed as reason:
        outcome, detail = "fail", str(reason)
    except (Broken, OSError) as reason:
        outcome, detail = "fail", f"{registry.last_request}: {type(reason).__name__}: {reason}"
    except Exception as reason:  # A response so odd that the check itself stumbles over it is a failure too.
        outcome, detail = "fail", f"{registry.last_request}: {type(reason).__name__}: {reason}"
        trace = traceback.format_exc()
    return Result(item, outcome, detail, time.monotonic() - begun, trace if verbose else "")
