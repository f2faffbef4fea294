#!/usr/bin/env python3
"""Looks at the status page in a headless Chromium.

usage: Tests/browser/run.py SPECIMENS [PICTURES]

SPECIMENS is the folder that the Swift test "is written to a folder for the browser's tests" has filled; PICTURES is where
screenshots go. The last line counts what passed, failed and was skipped. Without a Chromium everything is skipped, but
where CI is set that is a failure.
"""

import json
import os
import pathlib
import sys
import time

from chromium import Chromium, Page, executable
from specimens import Site

HERE = pathlib.Path(__file__).parent
PAGES = [
    "calm", "trouble", "superuser", "away", "start", "hostile", "drain", "drain-mistakes", "retry", "verify", "undrain",
]
LOOKS = {
    "light": {"width": 1280, "height": 900},
    "dark": {"width": 1280, "height": 900, "dark": True},
    "phone": {"width": 360, "height": 780, "mobile": True},
    "phone-dark": {"width": 360, "height": 780, "mobile": True, "dark": True},
    "narrow": {"width": 320, "height": 640},
}


class Failed(Exception):
    """A check that did not hold."""


def expect(holds, message):
    if not holds:
        raise Failed(message)


def look(browser, site, pictures, name, kind):
    """A page in one look: what the browser complains of, and a picture."""
    with Page(browser, **LOOKS[kind]) as page:
        page.open(f"{site.url}/{name}")
        if pictures:
            page.picture(pictures / f"{name}-{kind}.png")
        complaints = page.value((HERE / "checks.js").read_text())
        expect(not complaints, f"{len(complaints)} complaints: " + "; ".join(complaints[:4]))
        said = page.events("Log.entryAdded", "Runtime.exceptionThrown", "Page.javascriptDialogOpening")
        expect(not said, f"the browser said: {json.dumps([e['params'] for e in said])[:600]}")
        foreign = [
            e["params"]["request"]["url"] for e in page.events("Network.requestWillBeSent")
            if not e["params"]["request"]["url"].startswith(site.url)
        ]
        expect(not foreign, f"asked others: {foreign}")


def names(browser, site, name):
    """What a screen reader is told: landmarks, headings, names of everything that can be used."""
    with Page(browser) as page:
        page.open(f"{site.url}/{name}")
        nodes = [n for n in page.call("Accessibility.getFullAXTree")["nodes"] if not n.get("ignored")]
        text = lambda node: (node.get("name") or {}).get("value", "").strip()
        role = lambda node: (node.get("role") or {}).get("value", "")
        found = [role(n) for n in nodes]
        for landmark in ("banner", "main", "contentinfo"):
            expect(found.count(landmark) == 1, f"{found.count(landmark)} landmarks {landmark}")
        expect("navigation" in found, "no navigation")
        for node in nodes:
            if role(node) in ("link", "button", "textbox", "radio", "checkbox", "image", "region", "table", "article",
                              "progressbar", "DisclosureTriangle", "radiogroup", "group", "navigation", "heading"):
                # A figure's svg is named by its caption; a group is a fieldset or the box of a table.
                if role(node) == "group" and not text(node):
                    continue
                if role(node) == "progressbar":
                    continue
                expect(text(node), f"a {role(node)} without a name")
        buttons = [(role(n), text(n)) for n in nodes if role(n) in ("link", "button")]
        expect(len(buttons) == len(set(buttons)) or name in ("hostile",), f"two of the same name: {sorted(buttons)}")


def keyboard(browser, site):
    """Tab goes through the page in the order of the eye, and one sees where one is."""
    with Page(browser) as page:
        page.open(f"{site.url}/superuser")
        stops = []
        for _ in range(60):
            page.key("Tab", 9)
            stop = page.value("""(() => {
              const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
              return {id: e.id || e.className || e.tagName, top: box.top + scrollY, left: box.left,
                      ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2, body: e === document.body};
            })()""")
            if stop["body"]:
                break
            stops.append(stop)
        order = [s["id"] for s in stops]
        expect(order[:3] == ["skip", "brand", "logout"], f"begins with {order[:3]}")
        for wanted in ("undrain-ap", "drain-eu", "components-scroll", "figures-eustorage", "retry-eustorage",
                       "verify-usstorage", "copies-scroll", "failures-scroll", "pause"):
            expect(wanted in order, f"{wanted} is not reached: {order}")
        expect(all(s["ring"] for s in stops), f"no ring at {[s['id'] for s in stops if not s['ring']]}")
        expect(len(order) == len(set(order)), f"a stop twice: {order}")
        rows = [round(s["top"] / 4) for s in stops[1:]]
        back = [order[i + 2] for i in range(len(rows) - 1) if rows[i + 1] + 60 < rows[i]]
        expect(not back, f"jumps up at {back}")
        # The first stop takes one past the head.
        page.open(f"{site.url}/superuser")
        page.key("Tab", 9)
        page.key("Enter", 13)
        page.call("Input.dispatchKeyEvent", type="char", text="\r", key="Enter", code="Enter")
        expect(page.wait_for("location.hash === '#main'"), "the skip link does not work")


def live(browser, site):
    """The page follows the news by itself, says what matters, and lets nobody lose their place."""
    site.live = "calm"
    with Page(browser) as page:
        page.open(f"{site.url}/calm")
        page.value("""(() => {
          document.querySelector("#figures-eustorage").focus();
          document.querySelector("#figures-eustorage").parentElement.open = true;
          window.mark = document.querySelector("#figures-eustorage");
        })()""")
        site.live = "trouble"
        expect(page.wait_for("document.querySelector('#headline').textContent.includes('2 of 4 regions')"),
               "the headline did not change")
        expect(page.value("document.activeElement.id") == "figures-eustorage", "the focus was lost")
        expect(page.value("mark.isConnected && mark.parentElement.open"), "an opened table was closed")
        expect("2 of 4" in page.value("document.querySelector('#announcer').textContent"), "nothing was announced")
        site.is_broken = True
        expect(page.wait_for("document.querySelector('#connection').textContent.startsWith('Not updated since')"),
               "an outage of the health service is not told")
        site.is_broken = False
        expect(page.wait_for("document.querySelector('#connection').textContent === 'Updates by itself.'", 25),
               "the page does not recover")
        page.value("document.querySelector('#pause').click()")
        asked = site.asked
        time.sleep(6)
        expect(site.asked == asked, "a paused page goes on asking")
        expect(page.value("document.querySelector('#pause').textContent") == "Go on updating", "no way on")


def without_scripts(browser, site):
    """Without JavaScript everything is there, and a way to load it again."""
    with Page(browser, scripts=False) as page:
        page.open(f"{site.url}/trouble")
        document = page.call("DOM.getDocument", depth=-1)
        text = json.dumps(document)
        expect("Without JavaScript this page stays as it was loaded" in text, "no word about it")
        html = page.call("DOM.getOuterHTML", nodeId=document["root"]["nodeId"])["outerHTML"]
        expect("eu and sa serve neither" in html and "<path class=\"line\" d=\"M" in html, "something is missing")


def harm(browser, site):
    """Names that mean harm do none."""
    with Page(browser) as page:
        page.open(f"{site.url}/hostile")
        expect(page.value("document.scripts.length") == 1, "a script came in")
        expect(page.value("document.querySelectorAll('img, [onmouseover], [onerror]').length") == 0, "an element came in")
        expect("onmouseover=alert(2)" in page.value("document.body.innerText"), "the text is not shown as text")
        expect(not page.events("Page.javascriptDialogOpening"), "a dialog opened")


def forms(browser, site):
    """A form is filled in and checked by keyboard alone, and its mistakes are told."""
    with Page(browser) as page:
        page.open(f"{site.url}/drain")
        expect(page.value("document.querySelectorAll('main form').length") == 1, "not one form")
        expect(not page.value("document.querySelector('main form').checkValidity()"), "it may be sent without a reason")
        page.value("document.querySelector('#reason').value = 'x'")
        expect(page.value("[...document.querySelectorAll('main form [required]')].length") >= 1, "nothing is required")
        page.open(f"{site.url}/drain-mistakes")
        expect(page.value("document.querySelector('[role=alert]').textContent.includes('Say why')"), "no mistake is told")
        expect(page.value("document.querySelector('#reason').getAttribute('aria-invalid')") == "true", "not marked")


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    path = executable()
    if path is None:
        in_ci = bool(os.environ.get("CI"))
        print("no Chromium on this machine" + (": CI needs one (package list `browser`)" if in_ci else ""))
        print("0 passed, 1 failed, 0 skipped" if in_ci else "0 passed, 0 failed, 1 skipped")
        sys.exit(1 if in_ci else 0)
    pictures = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else None
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    site = Site(sys.argv[1])
    checks = [(f"{name} {kind}", lambda b, n=name, k=kind: look(b, site, pictures, n, k)) for name in PAGES for kind in LOOKS]
    checks += [(f"{name} names", lambda b, n=name: names(b, site, n)) for name in PAGES]
    checks += [(check.__name__, lambda b, c=check: c(b, site)) for check in (keyboard, live, without_scripts, harm, forms)]
    passed = failed = 0
    with Chromium(path) as browser:
        for name, check in checks:
            browser.events.clear()
            try:
                check(browser)
                passed += 1
            except Exception as error:  # whatever it is, the other checks go on
                failed += 1
                print(f"FAILED {name}: {type(error).__name__ if not isinstance(error, Failed) else ''} {error}".replace(":  ", ": "))
    site.close()
    print(f"{passed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
