"use strict";

const { guarded } = require("../log.js");
const { admitCanaries } = require("./canary.js");
const { Heartbeats } = require("./heartbeats.js");
const { reserve } = require("./namespace.js");

/** What a Server shows of itself: whom its adapter hears, and which pod a client comes to. */
class Truth {
  /**
   * @param {{io: object, broker?: {state: () => {reachable: boolean}}}} server
   * @param {object} about
   * @param {import("../settings.js").Settings} about.settings
   * @param {import("../port/token.js").Token} about.token
   * @param {import("./traffic.js").Traffic} about.traffic
   */
  constructor(server, { settings, token, traffic }) {
    this.server = server;
    this.settings = settings;
    this.token = token;
    this.traffic = traffic;
    this.closed = false;
    // The Server is still being made. Nothing may happen between: ioredis takes no subscription while it logs in.
    process.nextTick(() => guarded("the namespace of the runtime", () => this.#open()));
  }

  #open() {
    const namespace = this.closed ? undefined : reserve(this.server.io);
    if (!namespace) return;
    const { address = "", heartbeats } = this.settings;
    admitCanaries(namespace, { token: this.token, address, admitted: (connection) => this.traffic.forget(connection) });
    if (address && heartbeats) this.heartbeats = new Heartbeats(namespace, address, () => this.#up());
  }

  // Of the broker of an adapter of the app's own nothing is known.
  #up() {
    const { broker } = this.server;
    return !broker || broker.state().reachable;
  }

  /** @returns {{hears?: Record<string, number>, lag?: number, interval?: number}} empty without heartbeats */
  state() {
    return this.heartbeats ? this.heartbeats.state() : {};
  }

  close() {
    this.closed = true;
    if (this.heartbeats) this.heartbeats.close();
  }
}

module.exports = { Truth };
