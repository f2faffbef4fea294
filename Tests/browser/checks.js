// What the browser itself knows of a page's accessibility: an expression that comes to a list of complaints.
(() => {
  const complaints = [];
  const shown = (element) => {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    return box.width > 1 && box.height > 1 && style.visibility !== "hidden" && !element.closest(".unseen, .skip");
  };
  const channels = (color) => {
    const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const luminance = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = channels(getComputedStyle(e).backgroundColor);
      if (color.a > 0) return color;
    }
    return { r: 255, g: 255, b: 255, a: 1 };
  };
  const contrast = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  // Text: 4.5 to 1 (WCAG 2.2, 1.4.3), whatever its size.
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walker.nextNode()) {
    const node = walker.currentNode, element = node.parentElement;
    if (!node.textContent.trim() || !shown(element) || ["SCRIPT", "NOSCRIPT", "DESC", "OPTION"].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    const color = channels(element instanceof SVGElement ? style.fill : style.color);
    const ratio = contrast(color, ground(element));
    const key = `${element.tagName}.${element.className?.baseVal ?? element.className}`;
    if (ratio < 4.5 && !seen.has(key)) {
      seen.add(key);
      complaints.push(`contrast ${ratio.toFixed(2)} of ${key}: ${node.textContent.trim().slice(0, 40)}`);
    }
  }
  // Icons and lines that carry meaning: 3 to 1 (1.4.11).
  for (const element of document.querySelectorAll(".icon, .line")) {
    if (!shown(element)) continue;
    const ratio = contrast(channels(getComputedStyle(element).stroke), ground(element));
    if (ratio < 3) complaints.push(`contrast ${ratio.toFixed(2)} of an icon or line`);
  }
  // Nothing is wider than the window; what is wide scrolls in a box of its own that the keyboard reaches.
  if (document.documentElement.scrollWidth > innerWidth) {
    const wide = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll"));
    complaints.push(`the page is ${document.documentElement.scrollWidth} wide in a window of ${innerWidth}: ${wide.slice(0, 3).map((e) => e.tagName + "." + (e.className?.baseVal ?? e.className))}`);
  }
  for (const box of document.querySelectorAll(".scroll")) {
    if (box.scrollWidth > box.clientWidth && box.tabIndex !== 0) complaints.push("a box that scrolls and is not reached by keyboard");
  }
  // Targets of at least 24 by 24 (2.5.8).
  for (const element of document.querySelectorAll("a, button, summary, input:not([type=hidden])")) {
    if (!shown(element) || getComputedStyle(element).display === "inline") continue;
    const label = element.closest("label") ?? element;
    const box = label.getBoundingClientRect();
    if (box.width < 24 || box.height < 24) complaints.push(`a target of ${box.width} by ${box.height}: ${element.outerHTML.slice(0, 80)}`);
  }
  // Nothing sticks out of its card.
  for (const element of document.querySelectorAll(".card *, .overview *")) {
    const card = element.closest(".card, .overview");
    if (shown(element) && element.getBoundingClientRect().right > card.getBoundingClientRect().right + 1) complaints.push(`sticks out: ${element.outerHTML.slice(0, 60)}`);
  }
  // Text that is cut off.
  for (const element of document.querySelectorAll(".badge, .tag, h1, h2, h3, dd, td, th")) {
    if (shown(element) && element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX !== "visible") complaints.push(`cut off: ${element.textContent.slice(0, 40)}`);
  }
  return complaints;
})()
