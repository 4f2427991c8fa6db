"use strict";

const Module = require("module");
const { log } = require("../log.js");

/**
 * The app's own `socket.io-adapter`, as its Socket.IO sees it; ours for a Socket.IO in a bundle.
 * @param {string} [filename]  Socket.IO's main file
 * @returns {object} exports; holds Adapter, since 2.5 also SessionAwareAdapter and ClusterAdapter
 */
function appAdapterModule(filename) {
  return filename ? Module.createRequire(filename)("socket.io-adapter") : require("socket.io-adapter");
}

/**
 * Lets our adapter packages extend the app's `socket.io-adapter` if that one is recent enough (2.5.4 and later export
 * ClusterAdapter): their `require("socket.io-adapter")` finds the app's exports in the module cache, under our path.
 * Otherwise our own copy serves. To be called before an adapter package is loaded.
 * @param {object} module  exports of the app's `socket.io-adapter`
 */
function shareWithAdapters(module) {
  const own = require.resolve("socket.io-adapter");
  if (require.cache[own]) return;
  if (typeof module.ClusterAdapter !== "function") {
    log("adapter: the app's socket.io-adapter is older than 2.5.4, the runtime's own copy is used");
    return;
  }
  const entry = new Module(own);
  Object.assign(entry, { filename: own, loaded: true, exports: module });
  require.cache[own] = entry;
}

module.exports = { appAdapterModule, shareWithAdapters };
