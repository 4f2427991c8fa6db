// Who needs whom in lib: no circle, not even of types, so each file can be read after those that it names.
"use strict";

const assert = require("assert");
const fs = require("fs");
const path = require("path");
const { test } = require("node:test");

const LIB = path.join(__dirname, "..", "lib");
const NAMED = /(?:require|import)\("(\.[^"]*)"\)/g;

/** @returns {string[]} */
function filesOf(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? filesOf(file) : [file];
  });
}

/** @returns {Map<string, string[]>} file -> the files that it names, as modules or as types, with their paths in lib */
function needs(folder) {
  const files = filesOf(folder);
  return new Map(files.map((file) => [
    path.relative(folder, file),
    [...fs.readFileSync(file, "utf8").matchAll(NAMED)].map(([, named]) => path.relative(folder, path.join(path.dirname(file), named))),
  ]));
}

/** @returns {string[] | undefined} one circle */
function circle(graph) {
  const done = new Set();
  const visit = (file, way) => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const needed of graph.get(file) || []) {
      const found = visit(needed, [...way, file]);
      if (found) return found;
    }
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const found = visit(file, []);
    if (found) return found;
  }
  return undefined;
}

test("no file needs itself", () => {
  const graph = needs(LIB);
  assert(graph.size > 50);
  assert.strictEqual(circle(graph), undefined);
});

test("only main knows all: nobody names it but what is loaded first", () => {
  const naming = [...needs(LIB)].filter(([, needed]) => needed.includes("main.js")).map(([file]) => file);
  assert.deepStrictEqual(naming, []);
});

test("control: a circle of three is found", () => {
  const graph = new Map([["a", ["b"]], ["b", ["c", "d"]], ["c", ["a"]], ["d", []]]);
  assert.deepStrictEqual(circle(graph), ["a", "b", "c", "a"]);
});
