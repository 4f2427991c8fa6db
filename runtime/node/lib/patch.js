"use strict";

const path = require("path");
const { log, guarded } = require("./log.js");

const OLDEST = [4, 1];
const seen = new WeakSet();

/**
 * Called with Socket.IO's exports whenever a module loads them; hooks each copy of Socket.IO once.
 * @param {Function} socketio  exports of a `socket.io` package of any version
 * @param {string} filename    its main file
 */
function found(socketio, filename) {
  if (seen.has(socketio)) return;
  seen.add(socketio);
  guarded("hooking Socket.IO", () => {
    const version = versionOf(filename);
    const runtime = require("./runtime.js").runtime();
    if (atLeast(version, OLDEST)) hook(socketio, filename, version, runtime);
    else observe(socketio, version, runtime);
  });
}

function hook(socketio, filename, version, runtime) {
  const { Server, Socket } = socketio;
  if (seen.has(Server)) return;
  seen.add(Server);
  wrap(Server.prototype, "adapter", (original) => function adapter(value) {
    if (arguments.length === 0) return original.call(this);
    const chosen = guarded("the adapter", () => runtime.chooseAdapter(this, value, filename, version));
    return original.call(this, chosen || value);
  });
  for (const name of ["attach", "attachApp"]) {
    wrap(Server.prototype, name, (original) => function (target, options) {
      const merged = guarded("engine options", () => runtime.engineOptions(this, options));
      try {
        return original.call(this, target, ...(merged || options ? [merged || options] : []));
      } finally {
        guarded("engine options", () => runtime.attached(this));
      }
    });
  }
  wrap(Server.prototype, "bind", (original) => function bind(engine) {
    const result = original.apply(this, arguments);
    guarded("watching connections", () => runtime.bound(this, engine));
    return result;
  });
  wrap(Server.prototype, "close", (original) => function close() {
    const result = original.apply(this, arguments);
    guarded("closing", () => runtime.closed(this));
    return result;
  });
  hookSocket(Socket, runtime);
}

function hookSocket(Socket, runtime) {
  wrap(Socket.prototype, "_onconnect", (original) => function _onconnect() {
    const result = original.apply(this, arguments);
    guarded("a connection", () => runtime.connected(this));
    return result;
  });
  wrap(Socket.prototype, "_onclose", (original) => function _onclose(reason) {
    if (this.connected) guarded("a disconnection", () => runtime.disconnected(this, reason));
    return original.apply(this, arguments);
  });
  // On the path of every message: no closure, and nothing in it can throw.
  const { metrics } = runtime;
  wrap(Socket.prototype, "onevent", (original) => function onevent(packet) {
    metrics.received(this, packet);
    return original.call(this, packet);
  });
}

// Versions before 4.1 run as they are; a Server is only noted, so that health and status can speak of it.
function observe(socketio, version, runtime) {
  const Server = socketio.Server || socketio;
  if (seen.has(Server) && Server !== socketio) return;
  seen.add(Server);
  log(`socket.io ${version.join(".")} is older than ${OLDEST.join(".")}: the app is left alone, without adapter and drain`);
  wrap(Server.prototype, "adapter", (original) => function adapter() {
    if (arguments.length > 0) guarded("noting the server", () => runtime.unsupported(this, version));
    return original.apply(this, arguments);
  });
}

function wrap(prototype, name, make) {
  const original = prototype && prototype[name];
  if (typeof original !== "function") return;
  Object.defineProperty(prototype, name, { value: make(original), writable: true, configurable: true, enumerable: false });
}

function versionOf(filename) {
  const { version } = require(path.join(path.dirname(filename), "..", "package.json"));
  return version.split("-")[0].split(".").map(Number);
}

function atLeast(version, least) {
  return version[0] > least[0] || (version[0] === least[0] && version[1] >= least[1]);
}

module.exports = { found, atLeast };
