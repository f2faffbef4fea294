"""Results: readable lines as they come, goals that are met or missed, and one JSON document at the end."""

import json
import os
import pathlib
import platform
import time

from .processes import load


def say(text):
    print(f"  {text}", flush=True)


def headline(text):
    print(f"\n{time.strftime('%H:%M:%S')} {text}  [load {load()}]", flush=True)


def machine():
    model = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "unknown")
    kib = int(next(l for l in open("/proc/meminfo") if l.startswith("MemTotal")).split()[1])
    return f"{model}, {os.cpu_count()} cores, {kib / (1 << 20):.0f} GiB, Linux {platform.release()}"


class Outcome:
    """What one harness found out."""

    def __init__(self, name, **settings):
        self.document = {
            "benchmark": name, "machine": machine(), "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "load_at_start": load(), "settings": settings, "figures": {}, "goals": []}

    def figure(self, name, value, unit="", note=""):
        """One measured number, with the machine's load at the time."""
        self.document["figures"][name] = {"value": value, "unit": unit, "load": load(), **({"note": note} if note else {})}
        shown = f"{value:,.2f}" if isinstance(value, float) else f"{value}"
        print(f"  {name:<58} {shown:>12} {unit:<10} {note}  [load {load()}]", flush=True)
        return value

    def goal(self, text, met, found):
        self.document["goals"].append({"goal": text, "met": bool(met), "found": found})
        print(f"  {'MET   ' if met else 'MISSED'} {text}: {found}", flush=True)
        return met

    def finish(self, json_path=None):
        """Writes the document; returns the exit status: 0 when every goal is met, 2 otherwise."""
        self.document["load_at_end"] = load()
        missed = [g for g in self.document["goals"] if not g["met"]]
        if json_path:
            pathlib.Path(json_path).write_text(json.dumps(self.document, indent=1) + "\n")
            say(f"written to {json_path}")
        print(f"\n{self.document['benchmark']}: {len(self.document['goals']) - len(missed)} of {len(self.document['goals'])} goals met", flush=True)
        return 2 if missed else 0
