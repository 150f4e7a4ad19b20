"use strict";
// The map as data, and what of it the filters leave.  Names are shown as text only, never read as markup.
//
// A class is a set of ends that no policy tells apart; a row joins a set of classes with a set of classes.  What is
// drawn are units: a closed group (a namespace, what lies outside, the nodes), or a class of an open one.

const map = JSON.parse(document.getElementById("data").textContent);
const PROTOCOLS = ["TCP", "UDP", "SCTP"];
const TOP = 65535;
const MOST_BLOCKS = 4;
const ALL = [[1, TOP]];
const EVERYTHING = { TCP: ALL, UDP: ALL, SCTP: ALL, other: true };

const classesOfGroup = map.groups.map(() => []);
map.classes.forEach((it, number) => classesOfGroup[it.group].push(number));

// ------------------------------------------------------------------------------------------------ sets of classes
function setHas(set, number) {
  const ranges = map.sets[set];
  let low = 0, high = ranges.length / 2 - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (number < ranges[2 * middle]) high = middle - 1;
    else if (number > ranges[2 * middle + 1]) low = middle + 1;
    else return true;
  }
  return false;
}

function* setMembers(set) {
  const ranges = map.sets[set];
  for (let i = 0; i < ranges.length; i += 2) for (let n = ranges[i]; n <= ranges[i + 1]; n++) yield n;
}

// ------------------------------------------------------------------------------------------------ connections
const WITHOUT_PORTS = "protocols without ports";
const onPorts = map.connections.map((it) => ({ ...it, other: false }));
let showsOther = !onPorts.some((it) => PROTOCOLS.some((name) => it[name].length));

// A set of connections by number, as it is shown: protocols without ports only where they are asked for.
function connections(number) {
  return (showsOther ? map.connections : onPorts)[number];
}

function isAllPorts(it) {
  return PROTOCOLS.every((name) => isWhole(it[name]));
}

function isWhole(ranges) {
  return ranges.length === 1 && ranges[0][0] === 1 && ranges[0][1] === TOP;
}

function union(many) {
  const found = { other: many.some((it) => it.other) };
  for (const name of PROTOCOLS) {
    const ranges = [];
    for (const [low, high] of many.flatMap((it) => it[name]).sort((a, b) => a[0] - b[0])) {
      const last = ranges[ranges.length - 1];
      if (last && low <= last[1] + 1) last[1] = Math.max(last[1], high);
      else ranges.push([low, high]);
    }
    found[name] = ranges;
  }
  return found;
}

function overlap(one, two) {
  const meets = (name) => one[name].some(([a, b]) => two[name].some(([c, d]) => a <= d && c <= b));
  return (one.other && two.other) || PROTOCOLS.some(meets);
}

function connectionText(it) {
  if (isAllPorts(it)) return it.other ? "everything" : "every port";
  const parts = PROTOCOLS.filter((name) => it[name].length).map((name) =>
    isWhole(it[name]) ? name : `${name} ${it[name].map(([a, b]) => (a === b ? a : `${a}–${b}`)).join(", ")}`);
  if (it.other) parts.push(WITHOUT_PORTS);
  return parts.join("; ") || "nothing";
}

function rowText(row) {
  const [, , allowed, certain, requests] = row;
  const text = connectionText(connections(allowed));
  const sure = connectionText(connections(certain));
  const which = requests === undefined ? "" : `; ${map.requests[requests]}`;
  if (sure === text) return text + which;
  return (sure === "nothing" ? `may be: ${text}` : `${text} (certain: ${sure})`) + which;
}

// ------------------------------------------------------------------------------------------------ names
function groupName(number) {
  return map.groups[number].name;
}

function endName(number, end) {
  const group = map.groups[map.classes[number].group];
  return group.kind === "namespace" ? `${group.name}/${end[0]}` : end[0];
}

function className(number) {
  const ends = map.classes[number].ends;
  const more = ends.length > 1 ? ` and ${ends.length - 1} more` : "";
  return endName(number, ends[0]) + more;
}

// Without the kind, where no other end of the group has the same name.
const bareName = (end) => (end[1] < 0 ? end[0] : end[0].replace(/\[[^[]*\]$/, ""));
const namesOfGroup = map.groups.map(() => new Map());
for (const it of map.classes) {
  const names = namesOfGroup[it.group];
  for (const end of it.ends) names.set(bareName(end), (names.get(bareName(end)) || 0) + 1);
}

// What an `except` lists stands beside it, in a class of its own; of many blocks, the first and how many more.
function shortAddresses(text) {
  const parts = text.replace(/any (IPv\d) address outside except (?:(?!, any ).)*/g, "any other $1 address outside").split(", ");
  return parts.length > MOST_BLOCKS + 1 ? `${parts.slice(0, MOST_BLOCKS).join(", ")} and ${parts.length - MOST_BLOCKS} more` : parts.join(", ");
}

function shortClassName(number) {
  const { group, ends } = map.classes[number];
  const bare = bareName(ends[0]);
  const full = namesOfGroup[group].get(bare) > 1 ? ends[0][0] : bare;
  return (map.groups[group].kind === "outside" ? shortAddresses(full) : full) + (ends.length > 1 ? ` +${ends.length - 1}` : "");
}

function counted(count, noun) {
  if (noun === "set of addresses") return count === 1 ? "1 set of addresses" : `${count} sets of addresses`;
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

// ------------------------------------------------------------------------------------------------ filters
function parsePorts(text) {
  const wanted = [];
  for (const word of text.toLowerCase().split(/[\s,]+/).filter(Boolean)) {
    const found = /^(?:(tcp|udp|sctp)(?:\/|$))?(?:(\d+)(?:[-–](\d+))?)?$/.exec(word);
    if (word === "other") wanted.push({ other: true, TCP: [], UDP: [], SCTP: [] });
    else if (!found) return null;
    else {
      const range = found[2] ? [Number(found[2]), Number(found[3] || found[2])] : [1, TOP];
      const on = (name) => (!found[1] || found[1].toUpperCase() === name ? [range] : []);
      wanted.push({ other: false, TCP: on("TCP"), UDP: on("UDP"), SCTP: on("SCTP") });
    }
  }
  return wanted;
}

function labelTest(text) {
  const tests = text.split(",").map((word) => word.trim()).filter(Boolean).map((word) => {
    const [key, value] = word.split(/=(.*)/s);
    if (word.startsWith("!")) return (labels) => !(word.slice(1) in labels);
    return value === undefined ? (labels) => key in labels : (labels) => labels[key] === value;
  });
  return (index) => tests.every((test) => test(index < 0 ? {} : map.labels[index]));
}

// {text, namespace, label, ports, side} to: which classes are meant, which rows carry the ports.
function makeFilter(wanted) {
  const text = wanted.text.trim().toLowerCase();
  const labels = labelTest(wanted.label);
  const meansEnd = (number, end) =>
    (!text || endName(number, end).toLowerCase().includes(text)) && (!wanted.label.trim() || (end[1] >= 0 && labels(end[1])));
  const isNarrow = Boolean(text || wanted.namespace || wanted.label.trim());
  const hits = map.classes.map((it, number) =>
    (!wanted.namespace || groupName(it.group) === wanted.namespace && map.groups[it.group].kind === "namespace") &&
    it.ends.some((end) => meansEnd(number, end)));
  const carries = map.connections.map((_, number) =>
    (wanted.ports.length ? wanted.ports : [EVERYTHING]).some((ports) => overlap(connections(number), ports)));
  const passes = { either: (a, b) => a || b, src: (a) => a, dst: (_, b) => b }[wanted.side];
  return { hits, carries, passes, meansEnd, isNarrow, isActive: isNarrow || wanted.ports.length > 0 };
}

// ------------------------------------------------------------------------------------------------ units and edges
function classUnit(number) {
  const group = map.classes[number].group;
  return { id: `c${number}`, kind: "class", of: map.groups[group].kind, group, classes: [number],
    label: shortClassName(number), name: className(number) };
}

function groupUnit(group) {
  const classes = classesOfGroup[group];
  const count = classes.reduce((sum, number) => sum + map.classes[number].ends.length, 0);
  const kind = map.groups[group].kind;
  const noun = kind === "namespace" ? "workload" : kind === "nodes" ? "node" : kind === "ingress" ? "source" : "set of addresses";
  return { id: `g${group}`, kind: "group", of: kind, group, classes, label: groupName(group),
    name: kind === "namespace" ? `namespace ${groupName(group)}` : groupName(group), size: counted(count, noun) };
}

function units(open) {
  return map.groups.flatMap((_, group) =>
    open.has(group) ? classesOfGroup[group].map(classUnit) : classesOfGroup[group].length ? [groupUnit(group)] : []);
}

// The parts of a set by unit: whether the filter means some class of it, and the class where it is but one.
function partsOf(set, unitOf, filter) {
  const found = new Map();
  for (const number of setMembers(set)) {
    const unit = unitOf[number];
    const part = found.get(unit);
    if (part) { part.only = -1; part.hit = part.hit || filter.hits[number]; }
    else if (unit >= 0) found.set(unit, { unit, only: number, hit: filter.hits[number] });
  }
  return [...found.values()];
}

function isToItself(a, b) {
  return a.only >= 0 && a.only === b.only && map.classes[a.only].ends.length < 2;
}

// Edges between units: {src, dst, rows}, by `src * units.length + dst`.
function edgesBetween(shown, filter) {
  const unitOf = new Int32Array(map.classes.length).fill(-1);
  shown.forEach((unit, i) => unit.classes.forEach((number) => { unitOf[number] = i; }));
  const known = new Map();
  const parts = (set) => {
    if (!known.has(set)) known.set(set, partsOf(set, unitOf, filter));
    return known.get(set);
  };
  const edges = new Map();
  map.rows.forEach((row, number) => {
    if (!filter.carries[row[2]]) return;
    for (const a of parts(row[0])) for (const b of parts(row[1])) {
      if (!filter.passes(a.hit, b.hit) || isToItself(a, b)) continue;
      const key = a.unit * shown.length + b.unit;
      const edge = edges.get(key);
      if (edge) edge.rows.push(number);
      else edges.set(key, { src: a.unit, dst: b.unit, rows: [number] });
    }
  });
  return edges;
}

// What an edge opens, all its rows together.
const knownTexts = new Map();
function edgeFacts(edge) {
  const key = showsOther + [...new Set(edge.rows.map((n) => `${map.rows[n][2]}.${map.rows[n][3]}.${map.rows[n][4] !== undefined}`))].sort().join();
  if (!knownTexts.has(key)) {
    const rows = edge.rows.map((n) => map.rows[n]);
    const allowed = union(rows.map((row) => connections(row[2])));
    const certain = union(rows.map((row) => connections(row[3])));
    const isMaybe = rows.some((row) => connectionText(connections(row[2])) !== connectionText(connections(row[3])));
    const which = rows.some((row) => row[4] !== undefined) ? ", of some requests only" : "";
    knownTexts.set(key, { text: connectionText(allowed) + which, certain: connectionText(certain), isMaybe,
      sort: isMaybe ? "maybe" : isAllPorts(allowed) ? "all" : "some" });
  }
  return knownTexts.get(key);
}

// The pairs of classes of some rows, between two sets of classes, that the filter leaves.
function* pairsOf(rows, filter, within) {
  for (const number of rows) {
    const row = map.rows[number];
    if (!filter.carries[row[2]]) continue;
    for (const src of setMembers(row[0])) {
      if (within && !within.src.has(src)) continue;
      for (const dst of setMembers(row[1])) {
        if (within && !within.dst.has(dst)) continue;
        if (src === dst && map.classes[src].ends.length < 2) continue;
        if (filter.passes(filter.hits[src], filter.hits[dst])) yield { src, dst, row };
      }
    }
  }
}

function countPairs(filter) {
  let found = 0;
  const sums = new Map();
  const sizes = (set) => {
    if (!sums.has(set)) {
      let hit = 0, all = 0;
      for (const number of setMembers(set)) { all++; if (filter.hits[number]) hit++; }
      sums.set(set, { hit, all });
    }
    return sums.get(set);
  };
  for (const [src, dst, allowed] of map.rows) {
    if (!filter.carries[allowed]) continue;
    const a = sizes(src), b = sizes(dst);
    found += filter.passes(true, false) && filter.passes(false, true) ? a.all * b.all - (a.all - a.hit) * (b.all - b.hit)
      : filter.passes(true, false) ? a.hit * b.all : a.all * b.hit;
    for (const number of setMembers(src)) {
      if (map.classes[number].ends.length < 2 && setHas(dst, number) && filter.passes(filter.hits[number], filter.hits[number])) found--;
    }
  }
  return found;
}

// ------------------------------------------------------------------------------------------------ why
function groundOf(direction, near, far) {
  return map.grounds.find((it) => it.direction === direction && setHas(it.near, near) && setHas(it.far, far));
}
