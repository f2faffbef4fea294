// Keeps the status page up to date: asks for what changes every few seconds and puts it in place of what is there.
// Without it the page works as well; it only has to be loaded again.
(() => {
  "use strict";
  const main = document.querySelector("main[data-updates]");
  if (!main) return;
  const source = main.dataset.updates;
  const announcer = document.getElementById("announcer");
  const connection = document.getElementById("connection");
  const pause = document.getElementById("pause");
  const period = 4000, longest = 60000, patience = 8000;
  let timer = 0, failures = 0, paused = false, running = false;
  let lastGood = new Date();

  const clock = (date) => date.toISOString().slice(11, 19) + " UTC";
  const headline = (root) => (root.querySelector("#headline")?.textContent ?? "").trim();
  const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };

  // Makes `now` the same as `next` and leaves alone what is the same already, so that the focus, a selection, an opened
  // table and the place of a screen reader stay where they are.
  function follow(now, next) {
    for (const { name } of [...now.attributes]) {
      if (!next.hasAttribute(name) && !(now.localName === "details" && name === "open")) now.removeAttribute(name);
    }
    for (const { name, value } of next.attributes) {
      if (now.getAttribute(name) !== value) now.setAttribute(name, value);
    }
    const wanted = [...next.childNodes];
    wanted.forEach((node, index) => {
      const old = now.childNodes[index];
      if (!old) {
        now.append(document.importNode(node, true));
      } else if (old.nodeType !== node.nodeType || old.nodeName !== node.nodeName || (old.id ?? "") !== (node.id ?? "")) {
        old.replaceWith(document.importNode(node, true));
      } else if (node.nodeType === Node.ELEMENT_NODE) {
        follow(old, node);
      } else if (old.nodeValue !== node.nodeValue) {
        old.nodeValue = node.nodeValue;
      }
    });
    while (now.childNodes.length > wanted.length) now.lastChild.remove();
  }

  async function update() {
    if (running || paused || document.hidden) return;
    running = true;
    clearTimeout(timer);
    try {
      const answer = await fetch(source, {
        credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(patience),
      });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      const before = headline(document);
      for (const part of document.querySelectorAll("[data-live]")) {
        const fresh = next.getElementById(part.id);
        if (fresh) follow(part, fresh);
      }
      // Only what matters is read out, and only when it has changed.
      if (headline(document) !== before) say(announcer, headline(document));
      failures = 0;
      lastGood = new Date();
      say(connection, "Updates by itself.");
    } catch {
      failures += 1;
      say(connection, `Not updated since ${clock(lastGood)}: the health service does not answer. Trying again.`);
    } finally {
      running = false;
      plan();
    }
  }

  function plan() {
    clearTimeout(timer);
    if (paused || document.hidden) return;
    const wait = Math.min(period * 2 ** Math.min(failures, 5), longest);
    timer = setTimeout(update, wait * (0.8 + 0.4 * Math.random()));
  }

  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.textContent = paused ? "Go on updating" : "Pause updates";
    say(connection, paused ? `Paused at ${clock(new Date())}.` : "Updates by itself.");
    if (paused) clearTimeout(timer); else update();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) update(); });
  say(connection, "Updates by itself.");
  plan();
})();
