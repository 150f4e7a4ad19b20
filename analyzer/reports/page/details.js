"use strict";
// The panel beside the map: what a unit may open, what an edge carries, and which rules permit it.

function make(tag, attributes = {}, ...children) {
  const found = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) found.addEventListener(name.slice(2), value);
    else if (value !== false && value !== undefined) found.setAttribute(name, value === true ? "" : value);
  }
  found.append(...children.filter((child) => child !== null && child !== undefined));
  return found;
}

const MOST_SHOWN = 100;

class Details {
  constructor(element, page) {
    this.element = element;
    this.page = page;
    this.clear();
  }

  clear() {
    this.trail = [];
    this.element.replaceChildren(
      make("h2", {}, "Nothing chosen"),
      make("p", { class: "quiet" }, "Choose a node, an edge or a cell to see which rules permit it."),
      make("p", { class: "quiet" }, "In the graph: arrow keys move, Enter shows, Space opens or closes a namespace, "
        + "+ and − zoom, 0 fits. In the matrix: arrow keys move, Enter shows. Esc clears.")
    );
  }

  get isEmpty() {
    return !this.trail.length;
  }

  // Shows what `draw` gives, with a way back to what was shown before.
  push(draw, isFresh) {
    if (isFresh) this.trail = [];
    this.trail.push(draw);
    this.show();
  }

  show() {
    const bar = make("div", { class: "row" });
    if (this.trail.length > 1) {
      bar.append(make("button", { type: "button", onclick: () => { this.trail.pop(); this.show(); this.focus(); } }, "Back"));
    }
    bar.append(make("button", { type: "button", onclick: () => this.page.clear() }, "Close"));
    this.element.replaceChildren(bar, ...this.trail[this.trail.length - 1]());
    this.element.scrollTop = 0;
  }

  focus() {
    this.element.focus({ preventScroll: false });
  }

  // ---------------------------------------------------------------------------------------------- one unit
  unit(unit, isFresh = true) {
    this.push(() => this.unitFacts(unit), isFresh);
  }

  *unitFacts(unit) {
    yield make("h2", {}, unit.name);
    if (unit.kind === "merged") {
      yield make("p", { class: "quiet" }, "Each of them has the same connections to all others. Show one alone:");
      yield this.list(unit.members, (it) => this.button(it.label, () => this.page.onlyNamespace(it.label)));
    } else if (unit.kind === "group") {
      yield make("p", { class: "quiet" }, unit.size);
      yield make("button", { type: "button", onclick: () => this.page.toggle(unit.group) }, "Open it");
    } else {
      yield* this.members(unit.classes[0]);
      if (this.page.open.has(unit.group) && classesOfGroup[unit.group].length > 1) {
        yield make("button", { type: "button", onclick: () => this.page.toggle(unit.group) }, `Close ${groupName(unit.group)}`);
      }
    }
    const all = [...this.page.drawn.edges.values()];
    const at = this.page.drawn.units.findIndex((it) => it.id === unit.id);
    yield* this.edges("May open connections to", all.filter((edge) => edge.src === at), "dst");
    yield* this.edges("May be reached from", all.filter((edge) => edge.dst === at), "src");
  }

  *members(number) {
    const ends = map.classes[number].ends;
    if (ends.length > 1) {
      yield make("p", { class: "quiet" }, `${counted(ends.length, "end")} that no policy tells apart:`);
      yield this.list(ends, (end) => endName(number, end));
    } else if (ends[0][1] >= 0 && Object.keys(map.labels[ends[0][1]]).length) {
      const labels = Object.entries(map.labels[ends[0][1]]).map(([key, value]) => `${key}=${value}`).join(", ");
      yield make("p", { class: "quiet" }, `labels ${labels}`);
    }
  }

  *edges(title, edges, far) {
    yield make("h3", {}, `${title} (${edges.length.toLocaleString("en")})`);
    if (!edges.length) yield make("p", { class: "quiet" }, this.page.filter.isActive ? "nothing that the filter leaves" : "nothing");
    else yield this.list(edges, (edge) => {
      const facts = edgeFacts(edge);
      return this.button(this.page.drawn.units[edge[far]].name, () => this.edge(edge, false), `${facts.isMaybe ? "may be: " : ""}${facts.text}`);
    });
  }

  button(text, onclick, more) {
    const name = make("span", {}, text);
    const ports = more ? [make("br"), make("span", { class: "ports quiet" }, more)] : [];
    return make("button", { type: "button", onclick: () => { onclick(); this.focus(); } }, name, ...ports);
  }

  list(items, draw) {
    const list = make("ul", {}, ...items.slice(0, MOST_SHOWN).map((it) => make("li", {}, draw(it))));
    if (items.length > MOST_SHOWN) list.append(make("li", { class: "quiet" }, `and ${(items.length - MOST_SHOWN).toLocaleString("en")} more`));
    return list;
  }

  // ---------------------------------------------------------------------------------------------- one edge
  edge(edge, isFresh = true) {
    const [src, dst] = [this.page.drawn.units[edge.src], this.page.drawn.units[edge.dst]];
    if (src.kind === "class" && dst.kind === "class") {
      this.pair(src.classes[0], dst.classes[0], map.rows[edge.rows[0]], isFresh);
    } else this.push(() => this.edgeFacts(edge, src, dst), isFresh);
  }

  *edgeFacts(edge, src, dst) {
    const facts = edgeFacts(edge);
    yield make("h2", {}, `${src.name} → ${dst.name}`);
    yield make("p", { class: "ports" }, facts.text);
    yield make("p", { class: "quiet" }, "All of these together; which ends may open what:");
    const pairs = [];
    const within = { src: new Set(src.classes), dst: new Set(dst.classes) };
    for (const pair of pairsOf(edge.rows, this.page.filter, within)) {
      if (pairs.push(pair) > MOST_SHOWN) break;
    }
    yield this.list(pairs.slice(0, MOST_SHOWN), ({ src: a, dst: b, row }) =>
      this.button(`${className(a)} → ${className(b)}`, () => this.pair(a, b, row, false), rowText(row)));
    if (pairs.length > MOST_SHOWN) yield make("p", { class: "quiet" }, "and others: open the namespaces, or narrow the filter");
  }

  // ---------------------------------------------------------------------------------------------- one pair
  pair(src, dst, row, isFresh = true) {
    this.push(() => this.pairFacts(src, dst, row), isFresh);
  }

  *pairFacts(src, dst, row) {
    yield make("h2", {}, `${className(src)} → ${className(dst)}`);
    if (src === dst) yield make("p", { class: "quiet" }, "each to the others");
    yield make("p", { class: "ports" }, rowText(row));
    if (map.groups[map.classes[src].group].kind === "ingress") {
      yield* this.routes(dst);
      return;
    }
    yield* this.side("At the source (egress)", "egress", src, dst, row);
    yield* this.side("At the destination (ingress)", "ingress", dst, src, row);
    for (const number of new Set([src, dst])) {
      if (map.classes[number].ends.length > 1) {
        yield make("h3", {}, className(number));
        yield* this.members(number);
      }
    }
  }

  // What leads from the ingress controller to the workloads of a class.
  *routes(dst) {
    const names = new Set(map.classes[dst].ends.map((end) => endName(dst, end)));
    yield make("h3", {}, "Routes that lead there, as far as policies let the controller");
    yield make("ul", {}, ...map.routes.filter((route) => names.has(route.to)).map((route) => make("li", { class: "rule" },
      make("span", {}, `${route.name} to ${route.to} on ${connectionText(connections(route.connections))}`), make("br"),
      make("span", { class: "where" }, `${route.file}:${route.line}`))));
  }

  *side(title, direction, near, far, row) {
    yield make("h3", {}, title);
    const kind = map.groups[map.classes[near].group].kind;
    const ground = groundOf(direction, near, far);
    if (!ground) {
      const why = kind === "outside" ? "it lies outside the cluster" : kind === "nodes" ? "it is a node" : "it uses its node's network";
      yield make("p", {}, `${why}: policies do not select it`);
      return;
    }
    const allowed = connections(row[2]);
    const rules = ground.rules.filter(([, action, decides]) => (action === "allows" ? overlap(connections(decides), allowed) : overlap(connections(decides), EVERYTHING)));
    if (!rules.some(([, action]) => action === "allows")) yield make("p", {}, ground.reason);
    if (rules.length) yield make("ul", {}, ...rules.map((rule) => this.rule(rule)));
  }

  rule([number, action, decides]) {
    const it = map.rules[number];
    const place = it.line ? `${it.file}:${it.line}` : it.file;
    return make("li", { class: `rule ${action}` },
      make("span", {}, `${action} ${connectionText(connections(decides))}`), make("br"),
      make("span", {}, `${it.kind} ${it.name}, ${it.direction} rule ${it.rule}`), make("br"),
      make("span", { class: "where" }, place));
  }
}
