"use strict";
// The table: one line for each pair of classes, as many as asked for; and all that is printed on paper.

const LINES = 200;
const MOST_PRINTED = 2000;
const MOST_IN_PRINTED_MATRIX = 24;

class Table {
  constructor(element, page) {
    this.element = element;
    this.page = page;
  }

  draw() {
    this.pairs = pairsOf(map.rows.keys(), this.page.filter);
    this.body = make("tbody");
    this.more = make("button", { type: "button", id: "more", onclick: () => this.extend(true) }, "Show more");
    this.element.replaceChildren(make("table", {}, tableHead(["From", "To", "Allowed"]), this.body), this.more);
    this.extend(false);
  }

  extend(takesFocus) {
    const before = this.body.children.length;
    for (let n = 0; n < LINES; n++) {
      const next = this.pairs.next();
      if (next.done) { this.more.hidden = true; break; }
      const { src, dst, row } = next.value;
      const show = make("button", { type: "button", onclick: () => this.page.details.pair(src, dst, row) }, className(src));
      this.body.append(make("tr", {}, make("td", {}, show), make("td", {}, className(dst)), make("td", { class: "ports" }, rowText(row))));
    }
    if (takesFocus) this.body.children[before]?.querySelector("button").focus();
  }
}

function tableHead(names) {
  return make("thead", {}, make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, name))));
}

// ------------------------------------------------------------------------------------------------ paper
function printed(page) {
  const found = [make("h2", {}, "Who may open connections to whom")];
  const { units: shown, edges } = page.plain;
  if (shown.length <= MOST_IN_PRINTED_MATRIX) found.push(printedMatrix(shown, edges));
  else found.push(make("p", {}, `The matrix of ${shown.length} rows does not fit on paper; close namespaces or narrow the filter.`));
  const body = make("tbody");
  let lines = 0;
  for (const { src, dst, row } of pairsOf(map.rows.keys(), page.filter)) {
    if (++lines > MOST_PRINTED) break;
    body.append(make("tr", {}, ...[className(src), className(dst), rowText(row)].map((text) => make("td", {}, text))));
  }
  found.push(make("h2", {}, "Connections"), make("table", {}, tableHead(["From", "To", "Allowed"]), body));
  if (lines > MOST_PRINTED) found.push(make("p", {}, `The first ${MOST_PRINTED} only; narrow the filter to print others.`));
  return found;
}

// Columns go by the numbers of the rows: names would not fit above them.
function printedMatrix(shown, edges) {
  const name = (unit) => (unit.kind === "class" && unit.of === "namespace" ? `${groupName(unit.group)}/${unit.label}` : unit.label);
  const rows = shown.map((unit, i) => make("tr", {}, make("th", { scope: "row" }, `${i + 1}  ${name(unit)}`), ...shown.map((_, j) => {
    const edge = edges.get(i * shown.length + j);
    const facts = edge && edgeFacts(edge);
    const word = !facts ? "" : shown.length <= 8 ? facts.text : { all: "all", some: "some", maybe: "may" }[facts.sort];
    return make("td", { class: facts ? facts.sort : "" }, word);
  })));
  return make("table", { class: "matrix" }, tableHead(["from ↓ to →", ...shown.map((_, i) => String(i + 1))]), make("tbody", {}, ...rows));
}
