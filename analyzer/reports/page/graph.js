"use strict";
// The graph, drawn as SVG: namespaces as boxes, workloads in them, edges between; ports where they are asked for.

const MOST_EDGES = 400;
const ZOOM = { least: 0.2, readable: 0.75, most: 3, largest: 1.3 };
const SVG = "http://www.w3.org/2000/svg";

function draw(tag, attributes, ...children) {
  const found = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) found.setAttribute(name, value);
  found.append(...children);
  return found;
}

class Graph {
  constructor(element, page) {
    this.element = element;
    this.page = page;
    this.at = null;
    this.showsPorts = false;
    element.addEventListener("click", (event) => this.click(event));
    element.addEventListener("dblclick", (event) => this.page.toggle(this.groupOf(event.target)));
    element.addEventListener("keydown", (event) => this.key(event));
  }

  // ---------------------------------------------------------------------------------------------- drawing
  draw(drawn) {
    this.drawn = drawn;
    this.at = this.chosenEdge = null;
    this.isTooMany = drawn.edges.size > MOST_EDGES;
    const { clientWidth, clientHeight } = this.element;
    const aspect = clientWidth && clientHeight ? clientWidth / clientHeight : 1.6;
    this.picture = laidOut(drawn.units, drawn.edges.values(), (unit) => groupName(unit.group), aspect, (clientWidth || 900) / ZOOM.readable);
    this.edges = new Map([...drawn.edges].map(([key, edge], n) =>
      [key, { edge, facts: edgeFacts(edge), points: way(this.picture.nodes[edge.src], this.picture.nodes[edge.dst], this.picture, n) }]));
    const part = (name) => draw("g", { class: name });
    this.parts = { boxes: part("boxes"), edges: part("edges"), titles: part("titles"), nodes: part("nodes"), ports: part("ports") };
    this.parts.boxes.append(...this.picture.boxes.map((it) => this.box(it)));
    this.parts.titles.append(...this.picture.boxes.map((it) => this.title(it)));
    this.parts.nodes.append(...drawn.units.map((unit, i) => this.node(unit, i)));
    this.svg = draw("svg", { viewBox: `0 0 ${this.picture.width} ${this.picture.height}`, "aria-hidden": "true" }, arrows(), ...Object.values(this.parts));
    this.element.replaceChildren(this.svg);
    this.mark();
    this.fit();
    const words = this.isTooMany ? "choose a node to see its connections" : counted(drawn.edges.size, "edge");
    this.element.setAttribute("aria-label", `Graph of ${counted(drawn.units.length, "node")}, ${words}`);
  }

  box({ x, y, width, height, unit }) {
    return draw("g", { class: `box ${unit.of}`, "data-group": unit.group }, draw("rect", { x, y, width, height, rx: 8 }));
  }

  title({ x, y, unit, lines }) {
    return draw("text", { class: "title", "data-of": unit.group }, ...this.lines(lines, x + PAD.box, y + PAD.box - 4));
  }

  node(unit, i) {
    const { x, y, width, height, lines } = this.picture.nodes[i];
    const text = draw("text", { "text-anchor": "middle" }, ...this.lines(lines, x + width / 2, y + 6));
    const rect = draw("rect", { x, y, width, height, rx: 5 });
    return draw("g", { class: `node ${unit.kind} ${unit.of}`, "data-unit": i }, rect, text, draw("title", {}, unit.name));
  }

  lines(lines, x, y) {
    return lines.map((line, n) => draw("tspan", { x, y: y + n * LINE + 12 }, line));
  }

  edge(key) {
    const { edge, facts, points } = this.edges.get(key);
    const path = drawnPath(points);
    const [src, dst] = [this.drawn.units[edge.src], this.drawn.units[edge.dst]];
    const words = `${src.name} → ${dst.name}: ${facts.isMaybe ? "may be: " : ""}${facts.text}`;
    return draw("g", { class: `edge ${facts.sort}`, "data-edge": key }, draw("path", { class: "hit", d: path }), draw("path", { class: "line", d: path }), draw("title", {}, words));
  }

  ports(keys) {
    const wanted = keys.map((key) => {
      const { facts, points } = this.edges.get(key);
      const text = `${facts.isMaybe ? "may be: " : ""}${facts.text}`;
      return { text: text.length > 34 ? `${text.slice(0, 32)}…` : text, points, key };
    }).map((it) => ({ ...it, width: textWidth(it.text, 10.5) + 10, height: 18 }));
    const titles = this.picture.boxes.map((it) => ({ x: it.x, y: it.y, width: it.width, height: PAD.box + it.lines.length * LINE }));
    return labelPlaces(wanted, [...this.picture.nodes, ...titles]).flatMap((place, n) => (place === null ? [] : [
      draw("g", { class: "port", "data-edge": wanted[n].key }, draw("rect", { ...place, rx: 3 }),
        draw("text", { x: place.x + place.width / 2, y: place.y + 13, "text-anchor": "middle" }, wanted[n].text))]));
  }

  fit() {
    if (!this.picture?.width || !this.element.clientWidth) return;
    const { clientWidth, clientHeight } = this.element;
    const whole = Math.min(clientWidth / this.picture.width, clientHeight / this.picture.height);
    this.zoomTo(Math.min(ZOOM.largest, Math.max(whole, Math.min(ZOOM.readable, clientWidth / this.picture.width))));
  }

  zoomTo(zoom) {
    this.zoom = Math.min(ZOOM.most, Math.max(ZOOM.least, zoom));
    this.svg.setAttribute("width", this.picture.width * this.zoom);
    this.svg.setAttribute("height", this.picture.height * this.zoom);
  }

  togglePorts() {
    this.showsPorts = !this.showsPorts;
    this.mark();
    return this.showsPorts;
  }

  // ---------------------------------------------------------------------------------------------- choosing
  find(kind, value) {
    return this.svg.querySelector(`[data-${kind}="${value}"]`);
  }

  groupOf(target) {
    const it = target.closest("[data-unit], [data-group]");
    return it && (it.dataset.unit === undefined ? Number(it.dataset.group) : this.drawn.units[Number(it.dataset.unit)].group);
  }

  click(event) {
    const it = event.target.closest("[data-unit], [data-group], [data-edge]");
    if (!it) this.page.clear();
    else if (it.dataset.unit !== undefined) this.choose(Number(it.dataset.unit));
    else if (it.dataset.edge !== undefined) this.chooseEdge(Number(it.dataset.edge));
    else this.chooseBox(Number(it.dataset.group));
  }

  choose(unit) {
    this.at = unit;
    this.chosenEdge = null;
    this.mark();
    this.page.details.unit(this.drawn.units[unit]);
  }

  chooseEdge(key) {
    this.chosenEdge = key;
    this.at = this.edges.get(key).edge.src;
    this.mark();
    this.page.details.edge(this.edges.get(key).edge);
  }

  chooseBox(group) {
    this.at = this.chosenEdge = null;
    this.mark();
    this.page.details.push(() => this.boxFacts(group), true);
  }

  *boxFacts(group) {
    yield make("h2", {}, groupUnit(group).name);
    yield make("p", { class: "quiet" }, groupUnit(group).size);
    yield make("button", { type: "button", onclick: () => this.page.toggle(group) }, "Close it");
  }

  // Draws the edges anew: what is chosen with its ports, the rest faded, or none of it where there is too much.
  mark() {
    const isNear = ([key, { edge }]) => (this.chosenEdge !== null ? key === this.chosenEdge : edge.src === this.at || edge.dst === this.at);
    const isFree = this.at === null;
    const near = isFree ? [] : [...this.edges].filter(isNear).map(([key]) => key);
    const shown = this.isTooMany ? near : [...this.edges.keys()];
    const within = new Set(near), ends = new Set(near.flatMap((key) => [this.edges.get(key).edge.src, this.edges.get(key).edge.dst]).concat(isFree ? [] : [this.at]));
    this.parts.edges.replaceChildren(...[...shown].sort((a, b) => within.has(a) - within.has(b)).map((key) => this.edge(key)));
    for (const it of this.parts.edges.children) {
      it.classList.toggle("faded", !isFree && !within.has(Number(it.dataset.edge)));
      it.classList.toggle("chosen", Number(it.dataset.edge) === this.chosenEdge);
    }
    for (const it of this.parts.nodes.children) {
      it.classList.toggle("faded", !isFree && !ends.has(Number(it.dataset.unit)));
      it.classList.toggle("chosen", !isFree && this.chosenEdge === null && Number(it.dataset.unit) === this.at);
    }
    this.parts.ports.replaceChildren(...this.ports(isFree ? (this.showsPorts ? shown : []) : near));
  }

  unmark() {
    if (!this.svg) return;
    this.at = this.chosenEdge = null;
    this.mark();
  }

  // ---------------------------------------------------------------------------------------------- keyboard
  key(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !this.drawn) return;
    if (step) this.move(step);
    else if (event.key === "Enter" && this.at !== null) { this.choose(this.at); this.page.details.focus(); }
    else if (event.key === " " && this.at !== null) this.page.toggle(this.drawn.units[this.at].group);
    else if (event.key === "Escape") this.page.clear();
    else if (event.key === "+" || event.key === "=") this.zoomTo(this.zoom * 1.25);
    else if (event.key === "-") this.zoomTo(this.zoom * 0.8);
    else if (event.key === "0") this.fit();
    else return;
    event.preventDefault();
  }

  // To the next node that way: far along counts once, off the way three times.
  move([dx, dy]) {
    const here = this.at === null ? null : middle(this.picture.nodes[this.at]);
    let best = null, least = Infinity;
    this.picture.nodes.forEach((node, i) => {
      if (i === this.at) return;
      const place = middle(node), x = place.x - (here?.x ?? 0), y = place.y - (here?.y ?? 0);
      const forth = x * dx + y * dy, off = Math.abs(x * dy) + Math.abs(y * dx);
      const cost = here ? (forth > 0 ? forth + 3 * off : Infinity) : x + y;
      if (cost < least) { least = cost; best = i; }
    });
    if (best === null) return;
    this.focusUnit(best);
    const unit = this.drawn.units[best];
    this.page.say(`${unit.name}${unit.size ? `, ${unit.size}` : ""}`);
  }

  focusUnit(unit) {
    this.at = unit;
    this.chosenEdge = null;
    this.mark();
    this.find("unit", unit).scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  focusOn(id) {
    const unit = this.drawn.units.findIndex((it) => it.id === id);
    if (unit >= 0) this.focusUnit(unit);
  }
}

// The heads of arrows: they take their colour from the style, so that they change with it.
function arrows() {
  const head = (name) => draw("marker", { id: `head-${name}`, class: name, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8,
    markerUnits: "userSpaceOnUse", orient: "auto" }, draw("path", { d: "M0 0L8 4L0 8z" }));
  return draw("defs", {}, head("some"), head("all"), head("chosen"));
}
