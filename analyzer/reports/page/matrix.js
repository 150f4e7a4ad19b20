"use strict";
// The matrix: a grid of units by units.  Only the cells in view are in the document, so thousands of units are no matter.

const HEAD = { size: 13, line: 16, pad: 30, share: 0.6, highest: 240 };

class Matrix {
  constructor(element, page) {
    this.element = element;
    this.page = page;
    this.at = { row: 0, column: 0 };
    this.chosen = null;
    this.inner = make("div", { class: "inner", role: "presentation" });
    element.append(this.inner);
    element.addEventListener("scroll", () => this.render(), { passive: true });
    element.addEventListener("keydown", (event) => this.key(event));
    element.addEventListener("click", (event) => this.click(event));
    new ResizeObserver(() => this.render()).observe(element);
  }

  draw(drawn) {
    this.drawn = drawn;
    const count = drawn.units.length;
    const names = drawn.units.map((unit) => this.headText(unit));
    const longest = Math.max(0, ...names.map((name) => textWidth(name, HEAD.size))) + HEAD.pad;
    const linesWithin = (room) => Math.max(1, ...names.map((name) => wrapped(name, room - HEAD.pad, HEAD.size).length));
    this.side = Math.max(120, Math.min(longest, HEAD.share * this.element.clientWidth));
    this.height = Math.max(28, linesWithin(this.side) * HEAD.line + 10);
    const room = Math.max(this.element.clientWidth - this.side - 4, 200);
    this.isWide = count > 0 && room / count >= 66;
    this.top = this.isWide ? 0 : Math.min(longest, HEAD.highest);
    this.width = this.isWide ? Math.min(Math.floor(room / count), 150) : Math.max(28, linesWithin(this.top) * HEAD.line + 10);
    if (this.isWide) this.top = Math.max(46, linesWithin(this.width + HEAD.pad - 12) * HEAD.line + 12);
    this.inner.style.width = `${this.side + count * this.width}px`;
    this.inner.style.height = `${this.top + count * this.height}px`;
    this.element.setAttribute("aria-rowcount", count + 1);
    this.element.setAttribute("aria-colcount", count + 1);
    this.at = { row: Math.min(this.at.row, count - 1), column: Math.min(this.at.column, count - 1) };
    this.chosen = null;
    this.render();
  }

  edge(row, column) {
    return this.drawn.edges.get(row * this.drawn.units.length + column);
  }

  // ---------------------------------------------------------------------------------------------- rendering
  render() {
    if (!this.drawn || !this.element.clientWidth) return;
    const hadFocus = this.element.contains(document.activeElement) && document.activeElement !== this.element;
    const count = this.drawn.units.length;
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.element;
    const range = (start, size, extent) => {
      const first = Math.max(0, Math.floor(start / size) - 3);
      return [first, Math.min(count - 1, Math.ceil((start + extent) / size) + 3)];
    };
    const [firstRow, lastRow] = range(scrollTop, this.height, clientHeight);
    const [firstColumn, lastColumn] = range(scrollLeft, this.width, clientWidth);
    const rows = [this.head(firstColumn, lastColumn)];
    for (let row = firstRow; row <= lastRow; row++) rows.push(this.row(row, firstColumn, lastColumn));
    this.inner.replaceChildren(...rows);
    if (hadFocus) this.cellAt()?.focus({ preventScroll: true });
  }

  head(first, last) {
    const row = make("div", { class: "head", role: "row", "aria-rowindex": 1 });
    Object.assign(row.style, { position: "sticky", height: `${this.top}px`, width: "100%" });
    const corner = make("div", { class: "corner", role: "columnheader", "aria-colindex": 1 }, "from ↓   to →");
    Object.assign(corner.style, { width: `${this.side}px`, height: `${this.top}px`, lineHeight: `${2 * this.top - 26}px` });
    row.append(corner);
    for (let column = first; column <= last; column++) row.append(this.header(column, false));
    return row;
  }

  label(unit) {
    return unit.kind === "class" && unit.of === "namespace" ? `${groupName(unit.group)}/${unit.label}` : unit.label;
  }

  headText(unit) {
    return `${unit.kind === "group" ? "▸ " : ""}${this.label(unit)}`;
  }

  header(number, isRow) {
    const unit = this.drawn.units[number];
    const isOpen = this.page.open.has(unit.group);
    const it = make("div", {
      role: isRow ? "rowheader" : "columnheader", title: unit.name, "aria-expanded": unit.kind === "group" ? "false" : isOpen ? "true" : undefined,
      class: `${isRow ? "rowhead" : "col"} ${unit.kind}${!isRow && this.isWide ? " flat" : ""}`, tabindex: "-1",
      "aria-label": `${unit.name}${unit.size ? `, ${unit.size}` : ""}`,
      [isRow ? "data-row" : "data-column"]: number, [isRow ? "data-column" : "data-row"]: -1,
      "aria-colindex": isRow ? 1 : number + 2,
    }, this.headText(unit));
    if (isRow) Object.assign(it.style, { width: `${this.side}px`, height: `${this.height}px` });
    else Object.assign(it.style, { left: `${this.side + number * this.width}px`, width: `${this.width}px`,
      ...(this.isWide ? {} : { height: `${this.top}px` }) });
    if (isRow && this.at.row === number && this.at.column < 0 || !isRow && this.at.column === number && this.at.row < 0) it.tabIndex = 0;
    return it;
  }

  row(number, first, last) {
    const row = make("div", { role: "row", "aria-rowindex": number + 2 }, this.header(number, true));
    Object.assign(row.style, { top: `${this.top + number * this.height}px`, height: `${this.height}px`, width: "100%" });
    for (let column = first; column <= last; column++) row.append(this.cell(number, column));
    return row;
  }

  cell(row, column) {
    const edge = this.edge(row, column);
    const facts = edge && edgeFacts(edge);
    const [src, dst] = [this.drawn.units[row], this.drawn.units[column]];
    const isChosen = this.chosen && this.chosen.row === row && this.chosen.column === column;
    const words = facts ? `${facts.isMaybe ? "may be: " : ""}${facts.text}` : "nothing";
    const it = make("div", {
      role: "gridcell", "aria-colindex": column + 2, "data-row": row, "data-column": column, "data-edge": Boolean(edge),
      class: `cell ${facts ? facts.sort : ""}${row === column ? " self" : ""}${isChosen ? " chosen" : ""}`,
      tabindex: this.at.row === row && this.at.column === column ? "0" : "-1",
      "aria-label": `${src.name} to ${dst.name}: ${words}`, title: `${src.name} → ${dst.name}: ${words}`,
    }, this.isWide && facts ? facts.text : "");
    Object.assign(it.style, { left: `${this.side + column * this.width}px`, width: `${this.width}px`, height: `${this.height}px` });
    return it;
  }

  // ---------------------------------------------------------------------------------------------- choosing
  cellAt() {
    return this.inner.querySelector(`[data-row="${this.at.row}"][data-column="${this.at.column}"]`);
  }

  place(target) {
    const it = target.closest("[data-row]");
    return it && { row: Number(it.dataset.row), column: Number(it.dataset.column) };
  }

  click(event) {
    const place = this.place(event.target);
    if (!place) return;
    this.at = place;
    this.enter();
    this.cellAt()?.focus({ preventScroll: true });
  }

  // A cell shows what it carries; a header opens or closes its group.
  enter() {
    const { row, column } = this.at;
    if (row < 0 || column < 0) {
      const unit = this.drawn.units[Math.max(row, column)];
      if (unit) this.page.toggle(unit.group);
      return false;
    }
    const edge = this.edge(row, column);
    this.chosen = edge ? { row, column } : null;
    this.render();
    if (edge) this.page.details.edge(edge);
    return Boolean(edge);
  }

  unmark() {
    this.chosen = null;
    this.render();
  }

  key(event) {
    const last = this.drawn.units.length - 1;
    const { row, column } = this.at;
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.height) - 3);
    const to = {
      ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1], ArrowUp: [row - 1, column], ArrowDown: [row + 1, column],
      Home: [event.ctrlKey ? 0 : row, 0], End: [event.ctrlKey ? last : row, last], PageUp: [row - page, column], PageDown: [row + page, column],
    }[event.key];
    if (to) this.move(...to, last);
    else if (event.key === "Enter" || event.key === " ") { if (this.enter()) this.page.details.focus(); else this.cellAt()?.focus(); }
    else if (event.key === "Escape") this.page.clear();
    else return;
    event.preventDefault();
  }

  move(row, column, last) {
    const within = (value) => Math.max(-1, Math.min(last, value));
    if (within(row) < 0 && within(column) < 0) return;
    this.at = { row: within(row), column: within(column) };
    this.reveal();
    this.render();
    this.cellAt()?.focus({ preventScroll: true });
  }

  reveal() {
    const box = this.element;
    const x = this.at.column * this.width, y = this.at.row * this.height;
    if (this.at.column >= 0) box.scrollLeft = Math.max(Math.min(box.scrollLeft, x), x + this.width + this.side - box.clientWidth);
    if (this.at.row >= 0) box.scrollTop = Math.max(Math.min(box.scrollTop, y), y + this.height + this.top - box.clientHeight);
  }
}
