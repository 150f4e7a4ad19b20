// What tests ask of the page as it is drawn.
const rectOf = (it) => (it.matches("g") ? it.querySelector("rect") : it).getBoundingClientRect();
const all = (selector) => [...document.querySelectorAll(selector)];

function isWithin(inner, outer) {
  return inner.left >= outer.left && inner.right <= outer.right && inner.top >= outer.top && inner.bottom <= outer.bottom;
}

// Pairs of what the selector means that lie on each other.
function overlaps(selector) {
  const boxes = all(selector).map((it) => [it.textContent, rectOf(it)]);
  const meet = (one, two) => one.left < two.right - 0.5 && two.left < one.right - 0.5 && one.top < two.bottom - 0.5 && two.top < one.bottom - 0.5;
  return boxes.flatMap(([a, one], i) => boxes.slice(i + 1).filter(([, two]) => meet(one, two)).map(([b]) => `${a} | ${b}`));
}

// Texts that stick out of what they name.
function clippedNames() {
  const named = all("#canvas .node, #canvas .port").map((it) => [it.querySelector("text"), it]);
  const titles = all("#canvas .title").map((it) => [it, document.querySelector(`#canvas [data-group="${it.dataset.of}"]`)]);
  return [...named, ...titles].filter(([text, outer]) => !isWithin(text.getBoundingClientRect(), rectOf(outer))).map(([text]) => text.textContent);
}

// What is written on each node, beside what it is called.
function names() {
  const written = (it) => [...it.querySelectorAll("tspan")].map((line) => line.textContent).join("");
  return all("#canvas .node").map((it) => [it, netproof.drawn.units[it.dataset.unit]]).map(([it, unit]) => [written(it), unit.label + (unit.size || "")]);
}

// Edges that run behind a name, sampled every few pixels; a node at the end of one is touched and not entered.
function behindNames() {
  const names = all("#canvas .node > rect, #canvas .title tspan, #canvas .node tspan").map((it) => [it.textContent || it.parentNode.textContent, it.getBoundingClientRect()]);
  return all("#canvas .edge .line").flatMap((line) => {
    const length = line.getTotalLength(), matrix = line.getScreenCTM(), found = new Set();
    for (let at = 0; at <= length; at += 3) {
      const { x, y } = line.getPointAtLength(at).matrixTransform(matrix);
      for (const [name, box] of names) if (x > box.left + 2 && x < box.right - 2 && y > box.top + 2 && y < box.bottom - 2) found.add(name);
    }
    return [...found].map((name) => `${line.parentNode.querySelector("title").textContent} | ${name}`);
  });
}

function clippedHeads() {
  const isClipped = (it) => it.scrollWidth > it.clientWidth + 1 || it.scrollHeight > it.clientHeight + 1;
  return all("#grid [role=rowheader], #grid .col").filter(isClipped).map((it) => it.textContent);
}

function clippedPlaceholders() {
  return all("form input[placeholder]").filter((it) => {
    it.value = it.placeholder;
    const isWide = it.scrollWidth > it.clientWidth;
    it.value = "";
    return isWide;
  }).map((it) => it.placeholder);
}

// Nodes that do not stand in the box of their namespace.
function strays() {
  const box = (it) => netproof.views.graph.find("group", netproof.drawn.units[it.dataset.unit].group);
  return all("#canvas .node").filter((it) => !isWithin(rectOf(it), rectOf(box(it)))).map((it) => it.textContent);
}

// The contrast of each name with its ground, as WCAG 2 has it.
function contrasts() {
  const linear = (n) => (n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4);
  const luminance = (it) => {
    const [r, g, b] = getComputedStyle(it).fill.match(/[0-9.]+/g).map((n) => linear(n / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return all("#canvas .node").map((it) => {
    const two = [luminance(it.querySelector("text")), luminance(it.querySelector("rect"))];
    return (Math.max(...two) + 0.05) / (Math.min(...two) + 0.05);
  });
}

// The middle of the edge that carries these ports, on the screen.
function middleOfEdge(ports) {
  const graph = netproof.views.graph, [key] = [...graph.edges].find(([, it]) => it.facts.text === ports);
  const path = graph.find("edge", key).querySelector(".hit");
  const shown = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM());
  return [Math.round(shown.x), Math.round(shown.y)];
}
