"use strict";

const { log, guarded } = require("../log.js");
const { shareWithAdapters } = require("./socket-io-adapter.js");

// name -> file; a file is loaded when its adapter is asked for, so the client libraries of the others cost nothing
const FILES = {
  redis: "./redis.js",
  "redis-sharded": "./redis-sharded.js",
  "redis-streams": "./redis-streams.js",
  postgres: "./postgres.js",
  mongo: "./mongo.js",
  cluster: "./cluster.js",
};

/** Without a broker: sessions can be recovered in the same process. */
const IN_MEMORY = Object.freeze({ recovery: true });

/**
 * What an adapter file exports.
 * @typedef {object} Definition
 * @property {boolean} recovery  whether connection state recovery works across processes
 * @property {boolean} [local]   whether it needs no broker
 * @property {(place: {url: string, caFile?: string, prefix: string, mirror: boolean}) => Broker} open
 */

/**
 * An open adapter and its connections.
 * @typedef {object} Broker
 * @property {Function} adapter            for `Server.adapter`
 * @property {() => {reachable: boolean, subscribed: boolean, refused?: true}} state  refused: the broker answers, and does
 *   not take user and password
 * @property {() => Promise<void>} flush   resolves when what was sent so far has arrived, at the latest after a second
 * @property {() => void} close
 * @property {(socket: object) => void} [connected]  called right after a socket's client was told that it is connected
 * @property {(socket: object, over: boolean) => void} [disconnected]  called when a socket that was connected is about to be
 *   disconnected; over: for good, its session is not to be restored
 * @property {import("../sessions/peers.js").Heartbeats} [heartbeats]
 */

/** @returns {Definition} */
function definition(name) {
  return require(FILES[name]);
}

/**
 * Opens the adapter of that name. Connections are made in the background; only a missing package or a malformed URL throws.
 * @returns {Broker}
 */
function open(name, { module, ...place }) {
  shareWithAdapters(module);
  const broker = definition(name).open(place);
  return { ...broker, adapter: withFallback(broker.adapter, module.Adapter) };
}

// Socket.IO calls an adapter with `new`, once for each namespace.
function withFallback(create, Fallback) {
  return function adapter(namespace) {
    try {
      return completed(create(namespace));
    } catch (error) {
      log(`adapter: failed for namespace ${namespace.name}, which goes on in this process alone: ${error.message}`);
      return new Fallback(namespace);
    }
  };
}

// The adapters of today expect what early Socket.IO (4.1, 4.4) does not do: flags in fetchSockets, a call of init().
function completed(adapter) {
  const { fetchSockets, init, close } = adapter;
  let initialized = false;
  adapter.fetchSockets = (options) => fetchSockets.call(adapter, { ...options, flags: options.flags || {} });
  adapter.init = () => {
    if (initialized) return undefined;
    initialized = true;
    return init.call(adapter);
  };
  adapter.close = () => {
    // one that is replaced at once does not begin any more
    initialized = true;
    return close.call(adapter);
  };
  setImmediate(() => guarded("the adapter's start", () => adapter.init()));
  return adapter;
}

module.exports = { IN_MEMORY, definition, open };
