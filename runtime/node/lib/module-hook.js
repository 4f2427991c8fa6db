"use strict";

const Module = require("module");

const SOCKETIO_FILE = /[\\/]socket\.io[\\/](dist|lib)[\\/]index\.js$/;

/**
 * Watches the modules that are loaded and hands Socket.IO's exports to `patch.js` as soon as they appear.
 * ES modules need no hook of their own: Socket.IO's ESM entry wraps its CommonJS one.
 */
function install() {
  const load = Module._load;
  Module._load = function (request, parent) {
    const loaded = load.apply(this, arguments);
    if (typeof loaded === "function" && looksLikeSocketIO(loaded, request)) {
      require("./patch.js").found(loaded, filename(request, parent));
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

module.exports = { install };
