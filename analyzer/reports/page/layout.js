"use strict";
// Where the graph puts things: pure arithmetic, the same picture every time.  Nothing overlaps by construction: nodes
// stand in the grid of their namespace, namespaces on shelves, and those with many edges between them side by side.

const WIDEST = 230;
const LINE = 16;
const PAD = { node: 10, box: 16 };
const GAP = { x: 46, y: 26, blocks: 62, titles: 8 };

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
  let y = top;
  for (let n = 0; n < members.length; n += across) {
    const row = members.slice(n, n + across), height = Math.max(...row.map((i) => sizes[i].height));
    let x = side;
    row.forEach((i, c) => {
      block.places.set(i, { x: x + (widths[c] - sizes[i].width) / 2, y: y + (height - sizes[i].height) / 2 });
      x += widths[c] + GAP.x;
    });
    y += height + GAP.y;
  }
  const titled = block.isBox ? Math.max(0, ...block.title.map((line) => textWidth(line))) : 0;
  block.width = Math.max(inner, titled) + 2 * side;
  block.height = y - GAP.y + side;
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
  const widest = Math.max(0, Math.min(room - 48, Math.sqrt(area * aspect)), ...blocks.map((it) => it.width));
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
  let y = 40;
  for (const shelf of shelves) {
    const height = Math.max(...shelf.blocks.map((it) => it.height));
    let x = 24 + (full - shelf.width) / 2;
    for (const block of shelf.blocks) {
      const top = y + (height - block.height) / 2;
      if (block.isBox) boxes.push({ x, y: top, width: block.width, height: block.height, unit: block.unit, lines: block.title });
      for (const [i, place] of block.places) nodes[i] = { x: x + place.x, y: top + place.y, ...sizes[i] };
      x += block.width + GAP.blocks;
    }
    y += height + GAP.blocks;
  }
  return { nodes, boxes, width: full + 48, height: y - GAP.blocks + 24 };
}

// ------------------------------------------------------------------------------------------------ edges
const middle = (box) => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 });

// Where the way from the middle of a box to a point leaves the box.
function border(box, to) {
  const from = middle(box), dx = to.x - from.x, dy = to.y - from.y;
  const scale = Math.min(Math.abs(box.width / 2 / (dx || 1e-9)), Math.abs(box.height / 2 / (dy || 1e-9)), 1);
  return { x: from.x + dx * scale, y: from.y + dy * scale };
}

// A curve between two boxes as four points; bent to its left, so that both ways are seen.
function curve(from, to) {
  if (from === to) {
    const x = from.x + from.width - 18, y = from.y;
    return [{ x: x - 10, y }, { x: x - 16, y: y - 26 }, { x: x + 22, y: y - 26 }, { x: x + 10, y: y - 1 }];
  }
  const a = middle(from), b = middle(to), length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
  const bend = Math.min(60, Math.max(12, length * 0.11));
  const bow = { x: (a.x + b.x) / 2 + ((b.y - a.y) / length) * bend, y: (a.y + b.y) / 2 - ((b.x - a.x) / length) * bend };
  return [border(from, bow), bow, bow, border(to, bow)];
}

function along([a, b, c, d], t) {
  const s = 1 - t, at = (k) => s * s * s * a[k] + 3 * s * s * t * b[k] + 3 * s * t * t * c[k] + t * t * t * d[k];
  return { x: at("x"), y: at("y") };
}

// How far along a curve a text may stand, and how far off it: the middle first.
const TRIED = [0, -9, 9, -17, 17].flatMap((off) => [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82].map((t) => [t, off]));

// Places for texts along their curves where they hide neither a name nor each other; null where there is none.
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
