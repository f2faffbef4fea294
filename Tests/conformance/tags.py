"""Checks 84 to 91: the list of tags."""

import json
import re
from urllib.parse import urlsplit

from outcome import expect, field, refused, said, same, status
from suite import cases, check

# Prefixes of one another, mixed case and numbers: what sorting and paging get wrong.
NAMES = ["0.1.2", "0.1.20", "0.1.3", "A", "B", "Z", "_x", "a", "a-b", "a.b", "a_b", "aa", "b", "latest", "v1", "v10", "v2"]


def tagged(registry):
    """A repository with NAMES as tags that all checks of this group share."""
    if not hasattr(registry, "tagged_repo"):
        repo = registry.repo("-tags")
        data = registry.push_image(repo)
        for name in reversed(NAMES):
            status(registry.put_manifest(repo, name, data), 201)
        registry.tagged_repo = (repo, data)
    return registry.tagged_repo


def listed(registry, repo, query=""):
    response = status(registry.get(f"/v2/{repo}/tags/list{query}"), 200)
    document = json.loads(response.body)
    same("name", repo, document.get("name"))
    expect(isinstance(document.get("tags"), list), f"tags is {document.get('tags')!r}")
    return document["tags"], response


def next_page(registry, response):
    """The target of the Link to the next page, or None."""
    values = response.all("Link")
    if not values:
        return None
    match = re.fullmatch(r'<([^<>"\s]+)>; ?rel="next"', field(response, "Link"))
    expect(match, f"Link {values[0]!r}")
    parts = urlsplit(match[1])
    return registry.relative(match[1]) if parts.path.startswith("/") else None


def pages(registry, repo, query, between=None):
    """All tags, page by page; `between` is called once after the first page."""
    found, target, count = [], f"/v2/{repo}/tags/list{query}", 0
    while target:
        response = status(registry.get(target), 200)
        found.append(json.loads(response.body)["tags"])
        target = next_page(registry, response)
        if between and count == 0:
            between()
        count += 1
        expect(count < 100, "the pages do not end")
    return found


@check(84, "M", "200 {name, tags}; an empty list is [] and not null")
def listing(registry):
    repo, _ = tagged(registry)
    tags, response = listed(registry, repo)
    same("tags", set(NAMES), set(tags))
    same("Content-Type", "application/json", field(response, "Content-Type").partition(";")[0])
    untagged = registry.repo()
    registry.push_image(untagged)
    response = status(registry.get(f"/v2/{untagged}/tags/list"), 200, 404)
    if response.status == 200:
        same("tags of a repository without any", [], json.loads(response.body).get("tags"))


@check(85, "M", "the order is bytewise, or by letters without case, and the same each time")
def ordering(registry):
    repo, _ = tagged(registry)
    tags, _ = listed(registry, repo)
    bytewise, lettered = sorted(NAMES), sorted(NAMES, key=str.lower)
    expect(tags == bytewise or [t.lower() for t in tags] == [t.lower() for t in lettered], f"order {tags}")
    for _ in range(3):
        same("order", tags, listed(registry, repo)[0])


@check(86, "M", "n limits a page")
def page_size(registry):
    repo, _ = tagged(registry)
    everything, _ = listed(registry, repo)
    for count in (1, 2, 5, 16, 17, 100):
        tags, _ = listed(registry, repo, f"?n={count}")
        expect(len(tags) <= count, f"n={count}: {len(tags)} tags")
        same(f"n={count}", everything[: len(tags)], tags)
        expect(tags, f"n={count}: nothing")


@check(87, "M", "n=0: an empty list and no Link")
def no_page(registry):
    tags, response = listed(registry, tagged(registry)[0], "?n=0")
    same("tags", [], tags)
    same("Link", [], response.all("Link"))


@check(88, "M", "last is exclusive and need not exist")
def after_last(registry):
    repo, _ = tagged(registry)
    everything, _ = listed(registry, repo)
    for last in ("A", "a", "0.1.2", "latest", "v2"):
        same(f"last={last}", everything[everything.index(last) + 1 :], listed(registry, repo, f"?last={last}")[0])
        tags, _ = listed(registry, repo, f"?n=2&last={last}")
        same(f"n=2&last={last}", everything[everything.index(last) + 1 :][:2], tags)
    bytewise = everything == sorted(everything)
    for last in ("0", "aaa", "zzzz", "v1.5"):
        key = (lambda tag: tag) if bytewise else str.lower
        same(f"last={last}", [tag for tag in everything if key(tag) > key(last)], listed(registry, repo, f"?last={last}")[0])


@check(89, "M", "Link leads through all pages, each tag once, and the last page has none")
def paging(registry):
    repo, data = tagged(registry)
    everything, _ = listed(registry, repo)
    for count in (1, 3, 4, 17):
        found = pages(registry, repo, f"?n={count}")
        same(f"n={count}: all pages", everything, [tag for page in found for tag in page])
        expect(all(len(page) <= count for page in found), "a page is too long")
        expect(count == 1 or found[-1], "the last page is empty")
    late = lambda: status(registry.put_manifest(repo, "zz-late", data), 201)
    found = [tag for page in pages(registry, repo, "?n=4", late) for tag in page]
    same("each tag once, while one is pushed", len(found), len(set(found)))
    expect(set(everything) <= set(found), "a tag was lost while another was pushed")
    registry.send("DELETE", f"/v2/{repo}/manifests/zz-late")


ODD = {
    "minus": "n=-1", "letters": "n=abc", "2-64": "n=18446744073709551616", "1e20": "n=1e20", "empty": "n=",
    "i64-max": "n=9223372036854775807", "plus": "n=+5", "last-nul": "last=%00", "last-ff": "last=%ff", "last-empty": "last=",
    "last-long": "last=" + "a" * 3000, "last-quote": "last=a'||pg_sleep(9)--", "twice": "n=1&n=2", "percent": "last=%zz",
}


@cases(90, "S", "odd paging parameters: 400 or a harmless answer", ODD)
def odd_paging(registry, query):
    repo, _ = tagged(registry)
    response = registry.get(f"/v2/{repo}/tags/list?{query}")
    status(response, 200, 400, 414)
    if response.status == 400:
        refused(response, 400)
    else:
        expect(set(json.loads(response.body)["tags"]) <= {*NAMES, "zz-late"}, said(response))
    registry.alive()


@check(91, "M", "tags of an unknown repository: 404 NAME_UNKNOWN")
def unknown_repository(registry):
    refused(registry.get(f"/v2/{registry.repo()}/tags/list"), 404, "NAME_UNKNOWN")


@check("C1-catalog", "F", "/v2/_catalog lists repositories by pages, or is refused in order")
def catalog(registry):
    repo, _ = registry.seed()
    scopes = ("registry:catalog:*",)
    target, found, count = "/v2/_catalog?n=500", [], 0
    while target and count < 400 and repo not in found:
        response = registry.send("GET", target, scopes=scopes)
        if response.status in (401, 403, 404, 405):
            refused(response, response.status)
            return f"answers {response.status}"
        found += json.loads(status(response, 200).body)["repositories"]
        target, count = next_page(registry, response), count + 1
    expect(repo in found, "the repository is not listed")
    same("each once", len(found), len(set(found)))
    first = json.loads(registry.send("GET", "/v2/_catalog?n=1", scopes=scopes).body)["repositories"]
    same("n=1", 1, len(first))
