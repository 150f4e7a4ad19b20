"use strict";
// Where the graph puts things: pure arithmetic, the same picture every time.  Nothing overlaps by construction: nodes
// stand in the grid of their namespace, namespaces on shelves, and those with many edges between them side by side.

const WIDEST = 230;
const LINE = 16;
const PAD = { node: 10, box: 16 };
const GAP = { x: 46, y: 26, blocks: 62, titles: 14 };
const MARGIN = { x: 36, y: 40 };

// How wide a text gets, in pixels; of the bolder style, so that there is room for either.
const measuring = document.createElement("canvas").getContext("2d");
function textWidth(text, size = 12) {
  measuring.font = `600 ${size}px system-ui, "Segoe UI", "Noto Sans", sans-serif`;
  return measuring.measureText(text).width;
}

// A name in lines that fit: broken behind a mark where there is one, else anywhere; no character is lost.
function wrapped(text, widest = WIDEST, size = 12) {
  const lines = [];
  let line = "";
  for (const piece of text.split(/(?<=[-./_,:\s[\]])/)) {
    for (const part of textWidth(piece, size) > widest ? piece : [piece]) {
      if (line && textWidth(line + part, size) > widest) { lines.push(line); line = ""; }
      line += part;
    }
  }
  return line ? [...lines, line] : lines;
}

function sized(lines) {
  const width = Math.ceil(Math.max(10, ...lines.map((line) => textWidth(line)))) + 2 * PAD.node;
  return { lines, width, height: Math.max(1, lines.length) * LINE + 12 };
}

// Units to blocks: an open namespace with its classes, or one closed unit; sizes are those of nodes, by unit.
function blocksOf(units, sizes, titleOf, room) {
  const blocks = new Map();
  units.forEach((unit, i) => {
    const key = unit.kind === "class" ? `p${unit.group}` : unit.id;
    if (!blocks.has(key)) blocks.set(key, { key, unit, isBox: unit.kind === "class", members: [] });
    blocks.get(key).members.push(i);
  });
  for (const block of blocks.values()) inBlock(block, sizes, block.isBox ? titleOf(block.unit) : "", room);
  return [...blocks.values()];
}

// The places of a block's members from its own corner, and how large it gets.
function inBlock(block, sizes, title, room) {
  const { members } = block;
  const widest = Math.max(...members.map((i) => sizes[i].width)), highest = Math.max(...members.map((i) => sizes[i].height));
  const square = Math.round(Math.sqrt((members.length * 1.2 * (highest + GAP.y)) / (widest + GAP.x)));
  const across = Math.max(1, Math.min(square, Math.floor((room - 2 * PAD.box + GAP.x) / (widest + GAP.x))));
  const columns = Array.from({ length: Math.min(across, members.length) }, (_, c) => members.filter((_, n) => n % across === c));
  const widths = columns.map((column) => Math.max(...column.map((i) => sizes[i].width)));
  const inner = widths.reduce((sum, width) => sum + width, GAP.x * (widths.length - 1));
  block.title = block.isBox ? wrapped(title, Math.max(inner, 200)) : [];
  const top = block.isBox ? PAD.box + block.title.length * LINE + GAP.titles : 0, side = block.isBox ? PAD.box : 0;
  block.places = new Map();
  block.under = [];
  let y = top;
  for (let n = 0; n < members.length; n += across) {
    const row = members.slice(n, n + across), height = Math.max(...row.map((i) => sizes[i].height));
    let x = side;
    row.forEach((i, c) => {
      block.places.set(i, { x: x + (widths[c] - sizes[i].width) / 2, y: y + (height - sizes[i].height) / 2, row: block.under.length, column: c });
      x += widths[c] + GAP.x;
    });
    y += height + GAP.y;
    block.under.push(y - GAP.y / 2);
  }
  let right = side - GAP.x / 2;
  block.beside = widths.map((width) => (right += width + GAP.x));
  const titled = block.isBox ? Math.max(0, ...block.title.map((line) => textWidth(line))) : 0;
  block.width = Math.max(inner, titled) + 2 * side;
  block.height = y - GAP.y + side;
  block.under[block.under.length - 1] = block.height - (block.isBox ? side / 2 : 0);
  block.beside[block.beside.length - 1] = block.width - side / 2;
}

// What lies outside first, then each time the block with the most edges to those that stand already.
function inOrder(blocks, edges) {
  const blockOf = new Map(blocks.flatMap((block, b) => block.members.map((i) => [i, b])));
  const ties = blocks.map(() => new Map());
  for (const { src, dst } of edges) {
    const a = blockOf.get(src), b = blockOf.get(dst);
    if (a === b) continue;
    ties[a].set(b, (ties[a].get(b) || 0) + 1);
    ties[b].set(a, (ties[b].get(a) || 0) + 1);
  }
  const pull = blocks.map((block) => (block.unit.of === "namespace" ? 0 : 1e6));
  const left = new Set(blocks.keys()), found = [];
  while (left.size) {
    let best = -1;
    for (const b of left) if (best < 0 || pull[b] > pull[best]) best = b;
    left.delete(best);
    found.push(blocks[best]);
    for (const [b, count] of ties[best]) pull[b] += count / Math.sqrt(1 + ties[b].size);
  }
  return found;
}

// The whole picture: `nodes` and `boxes` with their corners and sizes, and the size of it all; in the shape of a view of
// width to height `aspect`, and no wider than `room` where nothing in it is.
function laidOut(units, edges, titleOf, aspect, room) {
  const sizes = units.map((unit) => sized([...wrapped(unit.label), ...(unit.size ? wrapped(unit.size) : [])]));
  const blocks = inOrder(blocksOf(units, sizes, titleOf, room), edges);
  const area = blocks.reduce((sum, it) => sum + (it.width + GAP.blocks) * (it.height + GAP.blocks), 0);
  const widest = Math.max(0, Math.min(room - 2 * MARGIN.x, Math.sqrt(area * aspect)), ...blocks.map((it) => it.width));
  const shelves = [];
  for (const block of blocks) {
    const shelf = shelves[shelves.length - 1];
    if (shelf && shelf.width + GAP.blocks + block.width <= widest) {
      shelf.blocks.push(block);
      shelf.width += GAP.blocks + block.width;
    } else shelves.push({ blocks: [block], width: block.width });
  }
  const full = Math.max(0, ...shelves.map((shelf) => shelf.width));
  const nodes = [], boxes = [];
  let y = MARGIN.y;
  for (const [s, shelf] of shelves.entries()) {
    const height = Math.max(...shelf.blocks.map((it) => it.height));
    let x = MARGIN.x + (full - shelf.width) / 2;
    Object.assign(shelf, { above: y - (s ? GAP.blocks : MARGIN.y) / 2, below: y + height + MARGIN.y / 2, gaps: [x - MARGIN.x / 2] });
    for (const block of shelf.blocks) {
      const top = y + (height - block.height) / 2;
      Object.assign(block, { x, y: top, shelf: s });
      shelf.gaps.push(x + block.width + GAP.blocks / 2);
      if (block.isBox) boxes.push({ x, y: top, width: block.width, height: block.height, unit: block.unit, lines: block.title });
      for (const [i, place] of block.places) nodes[i] = { ...sizes[i], ...place, x: x + place.x, y: top + place.y, block };
      x += block.width + GAP.blocks;
    }
    shelf.gaps[shelf.gaps.length - 1] += (MARGIN.x - GAP.blocks) / 2;
    y += height + GAP.blocks;
  }
  return { nodes, boxes, shelves, width: full + 2 * MARGIN.x, height: y - GAP.blocks + MARGIN.y };
}

// ------------------------------------------------------------------------------------------------ edges
const middle = (box) => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 });

// The way of an edge as points with right angles between them: through the gaps between nodes, blocks and shelves, so that
// it runs behind no name.  `n` is the number of the edge: edges in one gap run beside each other.
function way(from, to, { shelves }, n) {
  const lane = ((n * 7) % 11) / 5 - 1;  // -1 … 1
  const at = (node) => node.x + node.width / 2 + lane * Math.min(40, node.width / 2 - 12);
  if (from === to) {
    const x = from.x + from.width, y = from.y + from.height / 2;
    return [{ x, y: y - 8 }, { x: x + 11, y: y - 8 }, { x: x + 11, y: y + 7 }, { x: x + 1, y: y + 7 }];
  }
  const inside = from.block === to.block, down = inside ? to.row >= from.row : to.block.shelf > from.block.shelf;
  const points = [];
  const go = (x, y) => points.push({ x, y });
  if (inside && to.row === from.row && Math.abs(to.column - from.column) === 1) {
    const y = from.y + from.height / 2 + lane * 8, isRight = to.column > from.column;
    go(from.x + (isRight ? from.width : 0), y);
    go(to.x + (isRight ? 0 : to.width), y);
    return points;
  }
  if (inside) return within(from, to, down, at, lane);
  const isBeside = from.block.shelf === to.block.shelf;
  const out = leaving(from, down, at(from), lane), home = leaving(to, !down && !isBeside, at(to), lane).reverse();
  points.push(...out);
  const channel = (s, isBelow) => (isBelow && s === shelves.length - 1 ? shelves[s].below + lane * 10
    : (isBelow ? shelves[s + 1] : shelves[s]).above + lane * (s || isBelow ? 22 : 12));
  let x = out[out.length - 1].x, s = from.block.shelf;
  const end = home[0].x;
  go(x, channel(s, down));
  for (s += down ? 1 : -1; down ? s < to.block.shelf : s > to.block.shelf; s += down ? 1 : -1) {
    const y = points[points.length - 1].y, { gaps } = shelves[s];
    const best = gaps.reduce((a, b) => (Math.abs(b - x) + Math.abs(b - end) < Math.abs(a - x) + Math.abs(a - end) ? b : a));
    x = best + lane * (best === gaps[0] || best === gaps[gaps.length - 1] ? 14 : 22);
    go(x, y);
    go(x, channel(s, down));
  }
  go(end, points[points.length - 1].y);
  points.push(...home);
  return points.filter((it, k) => !k || Math.hypot(it.x - points[k - 1].x, it.y - points[k - 1].y) > 0.5);
}

// From a node out of its block, downwards or upwards, to where the gap between the shelves begins.
function leaving(node, down, x, lane) {
  const { block, row, column } = node, edge = block.y + (down ? block.height : 0);
  const top = PAD.box + block.title.length * LINE + GAP.titles;
  const isLast = down ? row === block.under.length - 1 : row === 0 && !block.isBox;
  if (isLast) return [{ x, y: down ? node.y + node.height : node.y }, { x, y: edge }];
  const y = block.y + (down ? block.under[row] + lane * 8 : row ? block.under[row - 1] + lane * 8 : top - GAP.titles / 2 + lane * 4);
  const isPadding = !down || column === block.beside.length - 1;
  const side = block.x + (isPadding ? block.width - PAD.box / 2 + lane * 4 : block.beside[column] + lane * 14);
  return [{ x, y: down ? node.y + node.height : node.y }, { x, y }, { x: side, y }, { x: side, y: edge }];
}

// Between two nodes of one block that do not stand side by side.
function within(from, to, down, at, lane) {
  const { block } = from, isRow = from.row === to.row;
  const under = (row) => block.y + block.under[row] + lane * (row === block.under.length - 1 ? 5 : 8);
  const start = { x: at(from), y: down ? from.y + from.height : from.y }, end = { x: at(to), y: isRow || !down ? to.y + to.height : to.y };
  const first = under(down ? from.row : from.row - 1), last = isRow ? first : under(down ? to.row - 1 : to.row);
  if (first === last) return [start, { x: start.x, y: first }, { x: end.x, y: first }, end];
  const isPadding = to.column === block.beside.length - 1;
  const side = block.x + block.beside[to.column] + lane * (isPadding ? 4 : 14);
  return [start, { x: start.x, y: first }, { x: side, y: first }, { x: side, y: last }, { x: end.x, y: last }, end];
}

// The points as a path whose corners are round.
function drawnPath(points) {
  const bits = [`M${points[0].x} ${points[0].y}`];
  points.slice(1, -1).forEach((corner, n) => {
    const before = points[n], after = points[n + 2];
    const near = (other) => {
      const length = Math.hypot(other.x - corner.x, other.y - corner.y) || 1, r = Math.min(7, length / 2) / length;
      return `${corner.x + (other.x - corner.x) * r} ${corner.y + (other.y - corner.y) * r}`;
    };
    bits.push(`L${near(before)}Q${corner.x} ${corner.y} ${near(after)}`);
  });
  const end = points[points.length - 1];
  return `${bits.join("")}L${end.x} ${end.y}`;
}

// The point after a share of the way.
function along(points, t) {
  const lengths = points.slice(1).map((it, n) => Math.hypot(it.x - points[n].x, it.y - points[n].y));
  let left = t * lengths.reduce((sum, it) => sum + it, 0);
  for (const [n, length] of lengths.entries()) {
    if (left <= length && length) {
      const share = left / length;
      return { x: points[n].x + (points[n + 1].x - points[n].x) * share, y: points[n].y + (points[n + 1].y - points[n].y) * share };
    }
    left -= length;
  }
  return points[points.length - 1];
}

// How far along an edge a text may stand, and how far off it: the middle first.
const TRIED = [0, -9, 9, -17, 17].flatMap((off) => [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82].map((t) => [t, off]));

// Places for texts along their edges where they hide neither a name nor each other; null where there is none.
function labelPlaces(wanted, taken) {
  const blocked = [...taken];
  const meets = (one, two) => one.x < two.x + two.width && two.x < one.x + one.width && one.y < two.y + two.height && two.y < one.y + one.height;
  return wanted.map(({ points, width, height }) => {
    for (const [t, off] of TRIED) {
      const at = along(points, t), box = { x: at.x - width / 2, y: at.y - height / 2 + off, width, height };
      if (box.x < 0 || box.y < 0 || blocked.some((it) => meets(it, box))) continue;
      blocked.push(box);
      return box;
    }
    return null;
  });
}
