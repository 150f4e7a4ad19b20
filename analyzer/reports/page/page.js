"use strict";
// The page as a whole: filters, tabs, theme, what is open and what is chosen.

const FEW_CLASSES = 40;
const FEW_PAIRS = 120;
const MANY_EDGES = 60;
const VIEWS = ["graph", "matrix", "table"];

class Page {
  constructor() {
    this.open = new Set();
    this.part("other").checked = this.part("other").defaultChecked = showsOther;
    this.shown = "graph";
    this.filter = makeFilter(this.wanted([]));
    this.total = countPairs(this.filter);
    if (map.classes.length <= FEW_CLASSES && this.total <= FEW_PAIRS) map.groups.forEach((_, group) => this.open.add(group));
    this.details = new Details(this.part("details"), this);
    this.views = { graph: new Graph(this.part("canvas"), this), matrix: new Matrix(this.part("grid"), this),
      table: new Table(this.part("table"), this) };
    this.fillIn();
    this.listen();
    this.theme();
    this.refresh();
  }

  part(id) {
    return document.getElementById(id);
  }

  get drawn() {
    return this.shown === "graph" ? this.merged : this.plain;
  }

  say(text) {
    this.part("status").textContent = text;
  }

  // ---------------------------------------------------------------------------------------------- what is shown
  wanted(ports) {
    const value = (id) => this.part(id).value;
    return { text: value("text"), namespace: value("namespace"), label: value("label"), side: value("side"), ports };
  }

  refilter() {
    const field = this.part("port");
    const ports = parsePorts(field.value);
    field.setAttribute("aria-invalid", ports === null);
    if (ports === null) {
      this.part("count").textContent = "ports are written 443, 8000-8999, udp/53, tcp or other";
      return;
    }
    showsOther = this.part("other").checked;
    this.filter = makeFilter(this.wanted(ports));
    this.clear();
    this.refresh();
  }

  // Units with a connection that the filter leaves, or that it means itself; namespaces alike as one in the graph.
  refresh() {
    const all = units(this.open);
    const edges = edgesBetween(all, this.filter);
    const used = new Set([...edges.values()].flatMap((edge) => [edge.src, edge.dst]));
    const kept = all.filter((unit, i) => !this.filter.isActive || used.has(i)
      || (this.filter.isNarrow && unit.classes.some((number) => this.filter.hits[number])));
    this.plain = { units: kept, edges: kept.length === all.length ? edges : edgesBetween(kept, this.filter) };
    this.merged = this.plain;
    if (edges.size > MANY_EDGES) {
      const merged = mergedAlike(this.plain.units, this.plain.edges);
      if (merged.length < kept.length) this.merged = { units: merged, edges: edgesBetween(merged, this.filter) };
    }
    this.isStale = Object.fromEntries(VIEWS.map((name) => [name, true]));
    this.show();
    const count = countPairs(this.filter);
    const of = count < this.total ? ` of ${this.total.toLocaleString("en")}` : "";
    this.part("count").textContent = `${count.toLocaleString("en")}${of} connections`;
  }

  show() {
    const inGraph = this.shown === "graph";
    for (const name of VIEWS) {
      this.part(name).hidden = name !== this.shown;
      const tab = this.part(`tab-${name}`);
      tab.setAttribute("aria-selected", name === this.shown);
      tab.tabIndex = name === this.shown ? 0 : -1;
    }
    if (this.isStale[this.shown]) {
      this.views[this.shown].draw(this.drawn);
      this.isStale[this.shown] = false;
    } else this.views[this.shown].fit?.();
    this.part("fit").hidden = this.part("ports").hidden = !inGraph;
    this.part("hint").textContent = this.hint(inGraph);
  }

  hint(inGraph) {
    if (!this.drawn.units.length) return "Nothing that the filter leaves.";
    if (inGraph && this.views.graph.isTooMany) {
      return `${this.drawn.edges.size.toLocaleString("en")} edges are more than a picture can show: choose a node to see its own, or narrow the filter.`;
    }
    if (inGraph && this.drawn.units.some((unit) => unit.kind === "merged")) {
      return "Namespaces with the same connections are drawn as one. Double-click a namespace to open it; click an edge for its rules.";
    }
    return inGraph ? "Double-click a namespace to open or close it; click an edge for the rules that permit it."
      : this.shown === "matrix" ? "Click a name to open or close its namespace; click a cell for the rules that permit it." : "";
  }

  // ---------------------------------------------------------------------------------------------- what is done
  clear() {
    this.details.clear();
    this.views.graph.unmark();
    if (this.shown === "matrix") this.views.matrix.unmark();
  }

  toggle(group) {
    if (group === undefined) return;
    if (this.open.has(group)) this.open.delete(group); else this.open.add(group);
    this.clear();
    this.refresh();
    this.say(`${groupName(group)} ${this.open.has(group) ? "opened" : "closed"}`);
    if (this.shown === "graph") this.views.graph.focusOn(this.open.has(group) ? `c${classesOfGroup[group][0]}` : `g${group}`);
  }

  onlyNamespace(name) {
    this.part("namespace").value = name;
    this.refilter();
  }

  choose(name) {
    this.shown = name;
    this.clear();
    this.show();
  }

  // ---------------------------------------------------------------------------------------------- set up
  fillIn() {
    this.part("summary").textContent = map.summary;
    for (const group of map.groups) {
      if (group.kind === "namespace") this.part("namespace").append(make("option", { value: group.name }, group.name));
    }
    const known = new Set(map.labels.flatMap((labels) => Object.entries(labels).map(([key, value]) => `${key}=${value}`)));
    [...known].sort().slice(0, 500).forEach((value) => this.part("labels").append(make("option", { value })));
    this.part("notes").querySelector("ul").append(...map.notes.map((text) => make("li", {}, text)));
  }

  listen() {
    let waiting = 0;
    const soon = () => { clearTimeout(waiting); waiting = setTimeout(() => this.refilter(), 150); };
    for (const type of ["input", "change"]) this.part("filters").addEventListener(type, soon);
    this.part("filters").addEventListener("submit", (event) => { event.preventDefault(); this.refilter(); });
    this.part("filters").addEventListener("reset", () => setTimeout(() => this.refilter()));
    for (const name of VIEWS) this.part(`tab-${name}`).addEventListener("click", () => this.choose(name));
    document.querySelector('[role="tablist"]').addEventListener("keydown", (event) => this.tabKey(event));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.part("details").contains(document.activeElement)) {
        this.clear();
        (this.shown === "graph" ? this.part("canvas") : this.views.matrix.cellAt?.())?.focus();
      }
    });
    this.part("open").addEventListener("click", () => { map.groups.forEach((_, group) => this.open.add(group)); this.clear(); this.refresh(); });
    this.part("close").addEventListener("click", () => { this.open.clear(); this.clear(); this.refresh(); });
    this.part("fit").addEventListener("click", () => this.views.graph.fit());
    this.part("ports").addEventListener("click", () => this.part("ports").setAttribute("aria-pressed", this.views.graph.togglePorts()));
    this.part("theme").addEventListener("click", () => this.theme(this.isDark() ? "light" : "dark"));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.theme());
    addEventListener("beforeprint", () => this.part("paper").replaceChildren(...printed(this)));
    addEventListener("resize", () => { if (this.shown === "graph") this.views.graph.fit(); });
  }

  tabKey(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = VIEWS[(VIEWS.indexOf(this.shown) + step + VIEWS.length) % VIEWS.length];
    this.choose(next);
    this.part(`tab-${next}`).focus();
  }

  isDark() {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  theme(name) {
    if (name) document.documentElement.dataset.theme = name;
    this.part("theme").textContent = this.isDark() ? "Light" : "Dark";
  }
}

// For scripts that drive the page.
globalThis.netproof = new Page();
