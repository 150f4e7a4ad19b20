"use strict";
// The graph: Cytoscape draws it and fCoSE places it; here is only what goes in, and the keyboard.

const MOST_EDGES = 400;
const MOST_LABELLED = 24;
const MOST_PLACED = 1500;
const FAR = 190;
const WIDEST = 210;

class Graph {
  constructor(element, page) {
    this.element = element;
    this.page = page;
    this.at = null;
    this.cy = cytoscape({ container: element, minZoom: 0.05, maxZoom: 3, boxSelectionEnabled: false, autounselectify: true });
    this.cy.on("tap", "node", (event) => this.choose(event.target));
    this.cy.on("dbltap", "node", (event) => this.page.toggle(this.unitOf(event.target)?.group ?? event.target.data("group")));
    this.cy.on("tap", "edge", (event) => this.chooseEdge(event.target));
    this.cy.on("tap", (event) => { if (event.target === this.cy) this.page.clear(); });
    element.addEventListener("keydown", (event) => this.key(event));
    this.measure = document.createElement("canvas").getContext("2d");
  }

  // ---------------------------------------------------------------------------------------------- drawing
  draw(drawn) {
    this.drawn = drawn;
    this.at = null;
    const edges = [...drawn.edges.entries()];
    this.isTooMany = edges.length > MOST_EDGES;
    const ids = drawn.units.map((unit) => unit.id);
    this.cy.batch(() => {
      this.cy.elements().remove();
      this.cy.add(this.nodes(drawn));
      if (!this.isTooMany) this.cy.add(edges.map(([key, edge]) => this.edgeElement(key, edge, ids)));
    });
    this.style();
    this.place();
    const words = this.isTooMany ? "choose a node to see its connections" : counted(edges.length, "edge");
    this.element.setAttribute("aria-label", `Graph of ${counted(drawn.units.length, "node")}, ${words}`);
  }

  nodes(drawn) {
    const parents = new Set();
    const found = [];
    drawn.units.forEach((unit, i) => {
      const parent = unit.kind === "class" ? `p${unit.group}` : undefined;
      if (parent && !parents.has(parent)) {
        parents.add(parent);
        found.push({ data: { id: parent, group: unit.group, label: groupName(unit.group) }, classes: `parent ${unit.of}` });
      }
      const label = unit.size ? `${unit.label}\n${unit.size}` : unit.label;
      const position = { x: (i % 20) * FAR, y: Math.floor(i / 20) * FAR };
      found.push({ data: { id: unit.id, unit: i, parent, label, ...this.size(label) }, position, classes: `${unit.kind} ${unit.of}` });
    });
    return found;
  }

  size(label) {
    this.measure.font = "12px system-ui, sans-serif";
    const lines = label.split("\n");
    const widths = lines.map((line) => this.measure.measureText(line).width);
    const height = widths.reduce((sum, width) => sum + 16 * Math.ceil(width / WIDEST), 12);
    return { width: Math.min(Math.ceil(Math.max(...widths)), WIDEST) + 20, height };
  }

  edgeElement(key, edge, ids) {
    const facts = edgeFacts(edge);
    const label = facts.text.length > 30 ? `${facts.text.slice(0, 28)}…` : facts.text;
    return { data: { id: `e${key}`, key, source: ids[edge.src], target: ids[edge.dst], label }, classes: facts.sort };
  }

  place() {
    const isBare = !this.cy.edges().length && this.cy.nodes().length > MOST_PLACED;
    const options = isBare
      ? { name: "grid", avoidOverlapPadding: 14, condense: true }
      : { name: "fcose", quality: "proof", randomize: true, packComponents: false, nodeDimensionsIncludeLabels: true,
          nodeSeparation: 160, nodeRepulsion: 12000, edgeElasticity: 0.2, gravity: 0.15,
          idealEdgeLength: (edge) => (edge.source().parent().nonempty() && edge.source().parent().same(edge.target().parent()) ? 90 : FAR), tilingPaddingHorizontal: 16, tilingPaddingVertical: 16,
          numIter: 3000 };
    // The layout starts from random places; a fixed sequence gives the same picture each time.
    const random = Math.random;
    let state = 7;
    Math.random = () => { state = (state * 48271) % 2147483647; return state / 2147483647; };
    try { this.cy.layout({ ...options, animate: false, fit: false }).run(); } finally { Math.random = random; }
    this.fit();
  }

  fit() {
    this.cy.resize();
    if (!this.cy.elements().length) return;
    this.cy.fit(undefined, 24);
    if (this.cy.zoom() > 1.3) { this.cy.zoom(1.3); this.cy.center(); }
  }

  style() {
    const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    const isLabelled = this.cy.edges().length <= MOST_LABELLED;
    const label = { label: "data(label)", "font-size": 10.5, "font-family": "system-ui, sans-serif", color: color("quiet"), "text-background-color": color("paper"),
      "text-background-opacity": 0.9, "text-background-padding": 1.5 };
    this.cy.style([
      { selector: "node", style: { label: "data(label)", shape: "round-rectangle", "font-size": 12, "font-family": "system-ui, sans-serif", color: color("ink"), "text-valign": "center", "text-halign": "center",
        "text-wrap": "wrap", "text-max-width": WIDEST + 10, "background-color": color("panel"), "border-width": 1, "border-color": color("edge"),
        "line-height": 1.25 } },
      { selector: "node[width]", style: { width: "data(width)", height: "data(height)" } },
      { selector: "node.group, node.merged", style: { "background-color": color("group"), "border-color": color("accent-soft") } },
      { selector: "node.merged", style: { "border-width": 3 } },
      { selector: "node.outside", style: { "background-color": color("outside-soft"), "border-color": color("outside") } },
      { selector: "node.parent", style: { "background-color": color("group"), "background-opacity": 0.45, "border-color": color("accent-soft"),
        "text-valign": "top", "font-weight": 600, "text-margin-y": -3, padding: 14 } },
      { selector: "node.parent.outside", style: { "background-color": color("outside-soft"), "border-color": color("outside") } },
      { selector: "edge", style: { width: 1.3, "line-color": color("edge"), "target-arrow-color": color("edge"), "target-arrow-shape": "triangle",
        "arrow-scale": 0.85, "curve-style": "bezier", "control-point-step-size": 46 } },
      { selector: "edge:loop", style: { "loop-direction": "0deg", "loop-sweep": "50deg", "control-point-step-size": 75 } },
      ...(isLabelled ? [{ selector: "edge", style: label }] : []),
      { selector: "edge.all", style: { width: 2.6, "line-color": color("accent"), "target-arrow-color": color("accent") } },
      { selector: "edge.maybe", style: { "line-style": "dashed" } },
      { selector: "node.faded", style: { opacity: 0.35 } },
      { selector: "edge.faded", style: { opacity: 0.12 } },
      { selector: "edge.near", style: { ...label, color: color("ink"), "z-index": 5 } },
      { selector: "edge.chosen", style: { "line-color": color("focus"), "target-arrow-color": color("focus"), width: 3 } },
      { selector: "node.chosen", style: { "border-color": color("focus"), "border-width": 3 } },
    ]);
  }

  // ---------------------------------------------------------------------------------------------- choosing
  unitOf(node) {
    return this.drawn.units[node.data("unit")];
  }

  choose(node) {
    const unit = this.unitOf(node);
    this.mark(node);
    if (unit) this.page.details.unit(unit);
    else this.page.details.push(() => this.parentFacts(node.data("group")), true);
  }

  *parentFacts(group) {
    yield make("h2", {}, groupUnit(group).name);
    yield make("p", { class: "quiet" }, groupUnit(group).size);
    yield make("button", { type: "button", onclick: () => this.page.toggle(group) }, "Close it");
  }

  chooseEdge(edge) {
    this.cy.elements().removeClass("chosen near faded");
    const ends = edge.connectedNodes();
    this.cy.elements().not(edge.union(ends).union(ends.ancestors())).addClass("faded");
    edge.addClass("chosen near");
    this.at = edge.source();
    this.page.details.edge(this.drawn.edges.get(edge.data("key")));
  }

  mark(node) {
    this.unmark();
    this.at = node;
    if (this.isTooMany && node.data("unit") !== undefined) this.showEdgesOf(node.data("unit"));
    node.addClass("chosen");
    const near = node.isParent() ? node.descendants().closedNeighborhood().union(node) : node.closedNeighborhood();
    this.cy.elements().not(near.union(near.parents())).addClass("faded");
    const edges = near.edges();
    if (edges.length <= 2 * MOST_LABELLED) edges.addClass("near");
  }

  // Where there are too many edges to draw them all, those of one node.
  showEdgesOf(unit) {
    const ids = this.drawn.units.map((it) => it.id);
    const mine = [...this.drawn.edges.entries()].filter(([, edge]) => edge.src === unit || edge.dst === unit);
    this.cy.edges().remove();
    this.cy.add(mine.slice(0, MOST_EDGES).map(([key, edge]) => this.edgeElement(key, edge, ids)));
  }

  unmark() {
    this.cy.elements().removeClass("chosen near faded");
    if (this.isTooMany) this.cy.edges().remove();
    this.at = null;
  }

  // ---------------------------------------------------------------------------------------------- keyboard
  key(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (step) this.move(step);
    else if (event.key === "Enter" && this.at) { this.choose(this.at); this.page.details.focus(); }
    else if (event.key === " " && this.at) this.page.toggle(this.unitOf(this.at)?.group ?? this.at.data("group"));
    else if (event.key === "Escape") this.page.clear();
    else if (event.key === "+" || event.key === "=") this.zoom(1.25);
    else if (event.key === "-") this.zoom(0.8);
    else if (event.key === "0") this.fit();
    else return;
    event.preventDefault();
  }

  zoom(factor) {
    this.cy.zoom({ level: this.cy.zoom() * factor, renderedPosition: { x: this.cy.width() / 2, y: this.cy.height() / 2 } });
  }

  // To the next node that way: far along counts once, off the way three times.
  move([dx, dy]) {
    const nodes = this.cy.nodes().filter((node) => node.data("unit") !== undefined);
    if (!nodes.length) return;
    const here = this.at && this.at.inside() ? this.at.position() : null;
    let best = null, least = Infinity;
    nodes.forEach((node) => {
      if (this.at && node.same(this.at)) return;
      const place = node.position();
      const [x, y] = here ? [place.x - here.x, place.y - here.y] : [place.x, place.y];
      const along = x * dx + y * dy, off = Math.abs(x * dy) + Math.abs(y * dx);
      const cost = here ? (along > 0 ? along + 3 * off : Infinity) : x + y;
      if (cost < least) { least = cost; best = node; }
    });
    if (!best) return;
    this.mark(best);
    this.keepInView(best);
    const unit = this.unitOf(best);
    this.page.say(`${unit.name}${unit.size ? `, ${unit.size}` : ""}`);
  }

  keepInView(node) {
    const { x, y } = node.renderedPosition();
    if (x < 20 || y < 20 || x > this.cy.width() - 20 || y > this.cy.height() - 20) this.cy.center(node);
  }

  focusOn(unitId) {
    const node = this.cy.getElementById(unitId);
    if (node.nonempty()) this.mark(node);
  }
}
