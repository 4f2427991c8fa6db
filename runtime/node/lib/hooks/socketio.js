"use strict";

const path = require("path");
const { log, guarded } = require("../log.js");
const { OLDEST, atLeast } = require("../servers/version.js");

const seen = new WeakSet();

/**
 * Called with Socket.IO's exports whenever a module loads them; hooks each copy of Socket.IO once.
 * @param {object} runtime     what the hooks talk to: the Runtime of main.js
 * @param {Function} socketio  exports of a `socket.io` package of any version
 * @param {string} filename    its main file
 */
function found(runtime, socketio, filename) {
  if (seen.has(socketio)) return;
  seen.add(socketio);
  const version = versionOf(filename);
  if (!atLeast(version, OLDEST)) return observe(socketio, version, runtime);
  hookServer(socketio.Server.prototype, { version, filename }, runtime);
  hookSocket(socketio.Socket.prototype, runtime);
}

/** Called with the prototype of a Server. One that no module was found to export is part of a bundle: its version is known by what it can. */
function foundServer(runtime, prototype) {
  const version = prototype.serverSideEmitWithAck ? [4, 6] : OLDEST;
  hookServer(prototype, { version }, runtime);
}

/** Called with the prototype of such a Server's sockets. */
function foundSocket(runtime, prototype) {
  hookSocket(prototype, runtime);
}

function hookServer(prototype, about, runtime) {
  if (seen.has(prototype)) return;
  seen.add(prototype);
  wrap(prototype, "adapter", (original) => function adapter(value) {
    if (arguments.length === 0) return original.call(this);
    const chosen = guarded("the adapter", () => runtime.chooseAdapter(this, value, about));
    return original.call(this, chosen || value);
  });
  for (const name of ["attach", "attachApp"]) {
    wrap(prototype, name, (original) => function (target, options) {
      const merged = guarded("engine options", () => runtime.engineOptions(this, options));
      try {
        return original.call(this, target, ...(merged || options ? [merged || options] : []));
      } finally {
        guarded("engine options", () => runtime.attached(this));
      }
    });
  }
  wrap(prototype, "bind", (original) => function bind(engine) {
    const result = original.apply(this, arguments);
    guarded("watching connections", () => runtime.bound(this, engine));
    return result;
  });
  wrap(prototype, "close", (original) => function close() {
    const result = original.apply(this, arguments);
    guarded("closing", () => runtime.closed(this));
    return result;
  });
}

function hookSocket(prototype, runtime) {
  if (seen.has(prototype)) return;
  seen.add(prototype);
  wrap(prototype, "_onconnect", (original) => function _onconnect() {
    const result = original.apply(this, arguments);
    guarded("a connection", () => runtime.connected(this));
    return result;
  });
  wrap(prototype, "_onclose", (original) => function _onclose(reason) {
    if (this.connected) guarded("a disconnection", () => runtime.disconnected(this, reason));
    return original.apply(this, arguments);
  });
  // On the path of every message: no closure, and nothing in it can throw.
  const { metrics } = runtime;
  wrap(prototype, "onevent", (original) => function onevent(packet) {
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

module.exports = { found, foundServer, foundSocket };
