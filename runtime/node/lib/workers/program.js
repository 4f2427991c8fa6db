"use strict";

const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");

const PACKAGES = /[\\/]node_modules[\\/]/;
const TSX = /[\\/]tsx[\\/]/;

/**
 * Whether the program of this process may be the one that makes the Socket.IO server. Erring on the side of yes costs
 * one more process, since a primary whose program makes no Server only passes on its exit; erring on the side of no
 * means that one process serves, which is said when a Server appears.
 * @param {{main?: string, ipc: boolean, execArgv: string[]}} program  main: path of the main script
 * @returns {string | undefined} why it is not; undefined if it may be
 */
function whyNot({ main, ipc, execArgv }) {
  const file = main && resolved(main);
  if (!file) return "the process has no main script";
  // the runner tsx opens a channel to its program as well, which it needs only to pass messages of the program on
  if (ipc && !execArgv.some((argument) => TSX.test(argument))) return "the process was started by another Node.js program that talks to it";
  if (PACKAGES.test(file)) return "the main script belongs to a package: start the server by its own file";
  return reachesSocketIO(file) || holdsSocketIO(file) ? undefined : "socket.io cannot be found from the main script";
}

function resolved(main) {
  try {
    return require.resolve(path.resolve(main));
  } catch {
    return undefined;
  }
}

// A framework may bring Socket.IO with one of its packages, where strict package managers hide it from the main script.
function reachesSocketIO(file) {
  const from = createRequire(file);
  if (finds(from, "socket.io")) return true;
  return dependencies(path.dirname(file)).some((name) => {
    const dependency = finds(from, name);
    return dependency !== undefined && path.isAbsolute(dependency) && finds(createRequire(dependency), "socket.io") !== undefined;
  });
}

// A bundler keeps the names of methods.
function holdsSocketIO(file) {
  return fs.readFileSync(file).includes("serverSideEmit");
}

function finds(from, name) {
  try {
    return from.resolve(name);
  } catch {
    return undefined;
  }
}

/** @returns {string[]} of the nearest package.json */
function dependencies(folder) {
  const file = path.join(folder, "package.json");
  try {
    return Object.keys(JSON.parse(fs.readFileSync(file, "utf8")).dependencies || {});
  } catch {
    const parent = path.dirname(folder);
    return parent === folder ? [] : dependencies(parent);
  }
}

module.exports = { whyNot };
