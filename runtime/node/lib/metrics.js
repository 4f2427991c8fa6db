"use strict";

const NAMESPACES = 20;
const PAIRS = 200;
const NAME_LENGTH = 64;
const UNKNOWN_SESSION = 1;
const EVENT_PACKET = /^[25]/;

/** Counts what happens; prom-client is loaded, with a registry of its own, when somebody first asks. */
class Metrics {
  /** @param {import("./runtime.js").Runtime} runtime */
  constructor(runtime) {
    this.runtime = runtime;
    this.connects = new Map();
    this.disconnects = new Map();
    this.events = new Map();
    this.names = new Set();
    this.eventsSent = 0;
    this.unknownSessions = 0;
    this.otherRejections = 0;
  }

  connected(socket) {
    count(this.connects, this.#namespace(socket));
  }

  disconnected(socket) {
    count(this.disconnects, this.#namespace(socket));
  }

  /** An event that a client sent. Names come from clients: beyond a bound they are counted as "other". */
  received(socket, packet) {
    const namespace = this.#namespace(socket);
    const event = String(packet.data[0]).slice(0, NAME_LENGTH);
    const key = JSON.stringify([event, namespace]);
    const bounded = this.events.has(key) || this.events.size < PAIRS ? key : JSON.stringify(["other", "other"]);
    count(this.events, bounded);
  }

  /** A packet of the transport that goes to one client; events only are counted. */
  sent(packet) {
    if (packet.type === "message" && EVENT_PACKET.test(packet.data)) this.eventsSent += 1;
  }

  /** A request that the engine refused. */
  rejected(error) {
    if (error && error.code === UNKNOWN_SESSION) this.unknownSessions += 1;
    else this.otherRejections += 1;
  }

  // remembered here rather than asked of the maps: a namespace may be seen first by any of them
  #namespace(socket) {
    const name = socket.nsp.name.slice(0, NAME_LENGTH);
    if (!this.names.has(name) && this.names.size < NAMESPACES) this.names.add(name);
    return this.names.has(name) ? name : "other";
  }

  /** @returns {Promise<{type: string, text: string}>} content type and text in the Prometheus format */
  async expose() {
    if (!this.registry) this.registry = require("./exposition.js").registry(this.runtime);
    return { type: this.registry.contentType, text: await this.registry.metrics() };
  }
}

function count(counts, key) {
  counts.set(key, (counts.get(key) || 0) + 1);
}

module.exports = { Metrics };
