"""What running processes expose, compared with docs/operations/metrics.md."""

import base64
import http.client
import pathlib
import re

from storeload.simulation import REGIONS

DOCUMENT = pathlib.Path(__file__).resolve().parents[3] / "docs/operations/metrics.md"
EXECUTABLES = {"api": "registry-api", "worker": "replication-worker", "health": "health-service"}
SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? \S+$')


def described():
    """{section: {metric: (kind, labels)}}."""
    found, heading = {}, ""
    for line in DOCUMENT.read_text().splitlines():
        if line.startswith("## "):
            heading = line[3:]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 4:
            for name in re.findall(r"`(\w+)`", cells[0]):
                found.setdefault(heading, {})[name] = (cells[1], {label.strip() for label in cells[2].split(",") if label.strip()})
    return found


def scrape(url, env):
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    token = base64.b64encode(f"{env['SUPERUSER']}:{env['SUPERUSER_PASSWORD']}".encode()).decode()
    connection.request("GET", "/metrics", headers={"Authorization": f"Basic {token}"})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    if answer.status != 200:
        raise OSError(f"{url}/metrics: {answer.status}")
    return text


def problems(text, known):
    """What one process exposes and is not described so, and what is described and not even declared there."""
    kinds, wrong = dict(re.findall(r"(?m)^# TYPE (\w+) (\w+)$", text)), set()
    for line in text.splitlines():
        match = SAMPLE.match(line)
        if line.startswith("#") or not line:
            continue
        if not match:
            wrong.add(f"not a sample: {line[:80]}")
            continue
        name, labels = match[1], set(re.findall(r'(\w+)="', match[2] or ""))
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        if kinds.get(base) == "histogram":
            name, labels = base, labels - {"le"}
        if known.get(name) != (kinds.get(name), labels):
            wrong.add(f"{name} is a {kinds.get(name)} with {sorted(labels)}, described as {known.get(name)}")
    # Told only when there is something to tell.
    missing = set(known) - set(kinds) - {"meridian_metrics_rejected_total"}
    return sorted(wrong) + [f"{name} is described and not there" for name in sorted(missing)]


def compare(simulation):
    """Lines about every process that differs from its description, and the number of metrics seen."""
    sections, lines, seen = described(), [], set()
    for region in REGIONS:
        for kind, executable in EXECUTABLES.items():
            text = scrape(simulation.env[f"{region.upper()}_{kind.upper()}"], simulation.env)
            seen |= set(re.findall(r"(?m)^# TYPE (\w+) ", text))
            lines += [f"{region}-{kind}: {line}" for line in problems(text, sections["Every executable"] | sections[executable])]
    return lines, len(seen)
