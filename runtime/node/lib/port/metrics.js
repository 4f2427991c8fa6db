"use strict";

const { Durations } = require("./durations.js");
const { isOurs, isOurEvent } = require("../truth/name.js");

const NAMESPACES = 20;
const PAIRS = 200;
const NAME_LENGTH = 64;
const UNKNOWN_SESSION = 1;
const EVENT = "2".charCodeAt(0);
const BINARY_EVENT = "5".charCodeAt(0);

/** Counts what happens; prom-client is loaded, with a registry of its own, when somebody first asks. */
class Metrics {
  /** @param {object} about  as `registry` in exposition.js takes it */
  constructor(about) {
    this.about = about;
    this.connects = new Map();
    this.disconnects = new Map();
    /** @type {Map<string, Map<string, {value: number}>>} namespace -> event -> how many were received */
    this.events = new Map();
    this.pairs = 0;
    this.otherEvents = { value: 0 };
    this.names = new Set();
    this.eventsSent = 0;
    this.unknownSessions = 0;
    this.otherRejections = 0;
    /** @type {Map<string, number>} "transport why" -> requests for sessions of other processes */
    this.elsewhere = new Map();
    /** how long what clients sent there took, from the request to its answer */
    this.forwardTimes = new Durations();
  }

  connected(socket) {
    count(this.connects, this.#namespace(socket));
  }

  disconnected(socket) {
    count(this.disconnects, this.#namespace(socket));
  }

  /** An event that a client sent. On the path of every message: one that was seen before costs two look-ups. */
  received(socket, packet) {
    const events = this.events.get(socket.nsp.name);
    const name = packet.data && packet.data[0];
    const counter = (events && events.get(name)) || this.#eventCounter(socket, name);
    counter.value += 1;
  }

  // Names come from clients: beyond a bound they are counted as "other".
  #eventCounter(socket, name) {
    if (isOurs(socket)) return { value: 0 };
    const namespace = this.#namespace(socket);
    // early versions of the parser let anything pass, such as an object that cannot become text
    const event = (typeof name === "string" ? name : typeof name).slice(0, NAME_LENGTH);
    const known = this.events.has(namespace) && this.events.get(namespace).get(event);
    if (known) return known;
    if (this.pairs >= PAIRS) return this.otherEvents;
    this.pairs += 1;
    const counter = { value: 0 };
    if (!this.events.has(namespace)) this.events.set(namespace, new Map());
    this.events.get(namespace).set(event, counter);
    return counter;
  }

  /** @returns {[{event: string, namespace: string}, number][]} events received, by name */
  receivedEvents() {
    const counted = this.otherEvents.value > 0 ? [[{ event: "other", namespace: "other" }, this.otherEvents.value]] : [];
    for (const [namespace, events] of this.events) {
      for (const [event, { value }] of events) counted.push([{ event, namespace }, value]);
    }
    return counted;
  }

  /** A packet of the transport that goes to one client; events only are counted, without the attachments of binary ones. */
  sent(packet) {
    const { data } = packet;
    if (packet.type !== "message" || typeof data !== "string") return;
    const type = data.charCodeAt(0);
    if ((type === EVENT && !isOurEvent(data)) || type === BINARY_EVENT) this.eventsSent += 1;
  }

  /** A request that the engine refused. */
  rejected(error) {
    if (error && error.code === UNKNOWN_SESSION) this.unknownSessions += 1;
    else this.otherRejections += 1;
  }

  /**
   * A request for a session of another process.
   * @param {"polling" | "websocket"} transport
   * @param {"other-process" | "other-pod" | "peer-gone"} why  peer-gone: it could not be handed there
   */
  forwarded(transport, why) {
    count(this.elsewhere, `${transport} ${why}`);
  }

  // remembered here rather than asked of the maps: a namespace may be seen first by any of them
  #namespace(socket) {
    const name = socket.nsp.name.slice(0, NAME_LENGTH);
    if (!this.names.has(name) && this.names.size < NAMESPACES) this.names.add(name);
    return this.names.has(name) ? name : "other";
  }

  /** @returns {Promise<{type: string, text: string}>} content type and text in the Prometheus format */
  async expose() {
    const registry = this.#open();
    return { type: registry.contentType, text: await registry.metrics() };
  }

  /** @returns {Promise<object[]>} the same as objects, to be put together with those of other processes */
  values() {
    return this.#open().getMetricsAsJSON();
  }

  #open() {
    if (!this.registry) this.registry = require("./exposition.js").registry(this, this.about);
    return this.registry;
  }
}

function count(counts, key) {
  counts.set(key, (counts.get(key) || 0) + 1);
}

module.exports = { Metrics };
