"use strict";

const Module = require("module");

const SOCKETIO_FILE = /[\\/]socket\.io[\\/](dist|lib)[\\/]index\.js$/;

/**
 * Watches the modules that are loaded for Socket.IO's exports. ES modules need no hook of their own: Socket.IO's ESM entry
 * wraps its CommonJS one.
 * @param {(exports: Function, filename: string) => void} onSocketIO  called whenever a module loads them
 */
function watchModules(onSocketIO) {
  const load = Module._load;
  Module._load = function (request, parent) {
    const loaded = load.apply(this, arguments);
    if (typeof loaded === "function" && looksLikeSocketIO(loaded, request)) {
      onSocketIO(loaded, filename(request, parent));
    }
    return loaded;
  };
}

// Own property names only: reading properties could run getters of foreign modules.
function looksLikeSocketIO(loaded, request) {
  const own = (name) => Object.prototype.hasOwnProperty.call(loaded, name);
  if (own("Server") && own("Namespace") && own("Socket")) return true;
  return request === "socket.io" || SOCKETIO_FILE.test(request);
}

function filename(request, parent) {
  try {
    return Module._resolveFilename(request, parent);
  } catch {
    return String(request);
  }
}

module.exports = { watchModules };
