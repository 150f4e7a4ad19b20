"use strict";
// Groups that have the same edges with all others are drawn as one, so that a thousand namespaces stay readable.

// The units given, those that are alike merged.
function mergedAlike(shown, edges) {
  const out = shown.map(() => new Map()), into = shown.map(() => new Map());
  const texts = new Map();
  for (const edge of edges.values()) {
    const { text, sort } = edgeFacts(edge);
    const word = `${sort} ${text}`;
    if (!texts.has(word)) texts.set(word, texts.size);
    out[edge.src].set(edge.dst, texts.get(word));
    into[edge.dst].set(edge.src, texts.get(word));
  }
  const isMergeable = (unit) => unit.kind === "group" && unit.of === "namespace";
  const lists = new Map();
  shown.forEach((unit, i) => {
    if (!isMergeable(unit)) return;
    const self = out[i].get(i);
    // Alike and apart: nothing goes between them.  Alike and together: the same goes between any two of them.
    for (const mutual of new Set([undefined, ...out[i].values()])) {
      const key = `${self}/${mutual}/${signature(out[i], i, mutual)}/${signature(into[i], i, mutual)}`;
      if (!lists.has(key)) lists.set(key, []);
      lists.get(key).push(i);
    }
  });
  const taken = new Set();
  const found = [];
  for (const list of [...lists.values()].sort((a, b) => b.length - a.length)) {
    const free = list.filter((i) => !taken.has(i));
    if (free.length < 2) continue;
    free.forEach((i) => taken.add(i));
    found.push(mergedUnit(free.map((i) => shown[i])));
  }
  found.push(...shown.filter((_, i) => !taken.has(i)));
  return found;
}

function signature(ends, self, mutual) {
  const all = new Map(ends);
  if (mutual === undefined) all.delete(self);
  else all.set(self, mutual);
  return [...all].sort((a, b) => a[0] - b[0]).join(";");
}

function mergedUnit(members) {
  const shownNames = members.slice(0, 2).map((unit) => unit.label).join(", ");
  return { id: `m${members.map((unit) => unit.group).join("-")}`, kind: "merged", of: "namespace",
    classes: members.flatMap((unit) => unit.classes), members,
    label: shownNames + (members.length > 2 ? ", …" : ""),
    size: counted(members.length, "namespace") + " alike",
    name: `${members.length} namespaces alike: ${members.slice(0, 3).map((unit) => unit.label).join(", ")}${members.length > 3 ? ", …" : ""}` };
}
