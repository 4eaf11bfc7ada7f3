// Draws the book's diagrams. Their sources are Mermaid, which the repository's web site shows by itself; here the two
// kinds that the book uses are drawn without fetching anything: sequences as a picture, states as a table. Without
// scripts, and for whatever this does not know, the source stays as it is.
"use strict";

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const LEFT = 190, RIGHT = 710, WIDTH = 900, STEP = 40;

  function add(parent, name, attributes, text) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    parent.append(element);
    return element;
  }

  function box(parent, x, y, text, bold) {
    const width = text.length * 7.2 + 24;
    x = Math.min(Math.max(x, width / 2 + 2), WIDTH - width / 2 - 2);
    add(parent, "rect", {
      x: x - width / 2, y: y - 15, width, height: 30, rx: 4,
      fill: "var(--sidebar-bg)", stroke: "currentColor", "stroke-opacity": 0.4,
    });
    const weight = bold ? "bold" : "normal";
    add(parent, "text", { x, y: y + 5, "text-anchor": "middle", "font-weight": weight }, text);
  }

  // Returns the picture, or nothing for a line that it does not know.
  function sequence(lines) {
    const names = new Map(), steps = [];
    for (const line of lines) {
      let found;
      if ((found = line.match(/^participant (\w+) as (.+)$/))) names.set(found[1], found[2]);
      else if ((found = line.match(/^(\w+)->>(\w+): (.+)$/)))
        steps.push({ from: found[1], to: found[2], text: found[3] });
      else if ((found = line.match(/^Note over ([\w,]+): (.+)$/)))
        steps.push({ over: found[1].split(","), text: found[2] });
      else return null;
    }
    if (names.size !== 2) return null;
    const places = new Map([...names.keys()].map((key, at) => [key, at === 0 ? LEFT : RIGHT]));
    const height = 70 + steps.length * STEP;
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${WIDTH} ${height}`);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", "sequence diagram");
    svg.style.cssText = "max-width: 100%; font: 14px sans-serif; fill: currentColor;";
    for (const [key, x] of places) {
      add(svg, "line", { x1: x, y1: 35, x2: x, y2: height, stroke: "currentColor", "stroke-opacity": 0.4 });
      box(svg, x, 20, names.get(key), true);
    }
    steps.forEach((step, at) => {
      const y = 75 + at * STEP;
      if (step.over) {
        const all = step.over.map((key) => places.get(key));
        box(svg, all.reduce((sum, x) => sum + x, 0) / all.length, y - 8, step.text, false);
        return;
      }
      const [from, to] = [places.get(step.from), places.get(step.to)];
      const back = to > from ? -9 : 9;
      add(svg, "text", { x: (LEFT + RIGHT) / 2, y: y - 8, "text-anchor": "middle" }, step.text);
      add(svg, "line", { x1: from, y1: y, x2: to, y2: y, stroke: "var(--links)", "stroke-width": 1.5 });
      add(svg, "path", {
        d: `M${to},${y} l${back},-4.5 l0,9 z`, fill: "var(--links)",
      });
    });
    return svg;
  }

  function states(lines) {
    const table = document.createElement("table");
    const row = (parent, cell, texts) => {
      const line = document.createElement("tr");
      for (const text of texts) {
        const element = document.createElement(cell);
        element.textContent = text;
        line.append(element);
      }
      parent.append(line);
    };
    const head = document.createElement("thead"), body = document.createElement("tbody");
    row(head, "th", ["in", "when / sends", "goes to"]);
    for (const line of lines) {
      const found = line.match(/^(\S+) --> (\S+): (.+)$/);
      if (!found) return null;
      const name = (state, edge) => (state === "[*]" ? edge : state);
      row(body, "td", [name(found[1], "(start)"), found[3], name(found[2], "(end)")]);
    }
    table.append(head, body);
    return table;
  }

  for (const code of document.querySelectorAll("code.language-mermaid")) {
    const [kind, ...lines] = code.textContent.split("\n").map((line) => line.trim()).filter((line) => line);
    const draw = { "sequenceDiagram": sequence, "stateDiagram-v2": states }[kind];
    const drawn = draw && draw(lines);
    if (drawn) code.closest("pre").replaceWith(drawn);
  }
})();
