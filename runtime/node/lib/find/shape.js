"use strict";

const { EventEmitter } = require("events");

// Methods by which Socket.IO is known in whatever file a bundler put it: minifiers rename variables, not properties.
// A Server has serverSideEmit since 4.1.
const SERVER = ["adapter", "attach", "bind", "of", "serverSideEmit"];
const SOCKET = ["_onconnect", "_onclose", "onevent", "join", "leave"];

/**
 * Finds the classes of a Socket.IO that no module has under its own name. Node.js calls the static `EventEmitter.init` for
 * every emitter that is made, so a class is seen before the first of its objects has done anything.
 * @param {(prototype: object) => void} onServer
 * @param {(prototype: object) => void} onSocket  called after onServer only: sockets of older versions are left alone
 */
function watchClasses(onServer, onSocket) {
  const { init } = EventEmitter;
  const seen = new WeakSet();
  let found = false;
  const look = (made) => {
    for (let prototype = Object.getPrototypeOf(made); prototype && !seen.has(prototype); prototype = Object.getPrototypeOf(prototype)) {
      seen.add(prototype);
      if (owns(prototype, SERVER)) {
        found = true;
        onServer(prototype);
      } else if (found && owns(prototype, SOCKET)) onSocket(prototype);
    }
  };
  // On the path of every stream and socket of the app: one look into a set, once their class is known.
  EventEmitter.init = function (options) {
    if (!seen.has(Object.getPrototypeOf(this))) {
      try {
        look(this);
      } catch {
        // a proxy that refuses to be looked at is no Socket.IO
      }
    }
    return init.call(this, options);
  };
}

// Without reading them: properties of foreign classes may be getters.
function owns(prototype, names) {
  return names.every((name) => {
    const property = Object.getOwnPropertyDescriptor(prototype, name);
    return property !== undefined && typeof property.value === "function";
  });
}

module.exports = { watchClasses };
