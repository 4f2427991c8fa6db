"use strict";

const { setTimeout: delay } = require("timers/promises");
const { inTime } = require("../in-time.js");
const { log } = require("../log.js");

const SHORTEST_WAIT_MS = 10;
const SETTLE_MS = 1000;

/**
 * Closes connections one by one, so that clients come back elsewhere one by one: those of this process's sessions, then
 * those that only pass through it.
 */
class Drain {
  /**
   * @param {import("../servers/index.js").Servers} servers
   * @param {object} hooks
   * @param {() => Set<() => void>} hooks.passing  what ends each connection that only passes through
   * @param {() => void} hooks.begins              called when a drain begins
   */
  constructor(servers, { passing, begins }) {
    this.servers = servers;
    this.passing = passing;
    this.begins = begins;
    this.draining = false;
    /** whether the pod ends: Kubernetes has taken it out of the endpoints */
    this.terminating = false;
    this.shedding = false;
    /** the running drain of /drain or SIGTERM */
    this.running = undefined;
  }

  /**
   * Closes all connections over that many seconds, `after` so many in which routers learn of it. Not ready from now on,
   * unless the pod ends anyway.
   * @returns {Promise<void>} when the last connection was closed, and what must outlive them has reached the broker
   */
  start(seconds, terminating = false, after = 0) {
    this.draining = true;
    this.terminating = this.terminating || terminating;
    this.begins();
    this.running = this.#drain(seconds, after).catch((error) => log(`drain failed: ${error.message}`));
    return this.running;
  }

  /** As `start`, at the end of the pod; a drain that runs already goes on first, for so many seconds at most, and what is left then is closed. */
  async finish(seconds) {
    if (!this.running) return this.start(seconds, true);
    this.terminating = true;
    await inTime(this.running, seconds * 1000);
    return this.start(0, true);
  }

  async #drain(seconds, after) {
    if (after > 0) await delay(after * 1000);
    log(`drain: ${this.#open()} connections over ${seconds} s`);
    const closed = await this.#close(Infinity, seconds);
    await this.#settle();
    log(`drain: ${closed} connections closed, ${this.servers.connections()} left`);
  }

  /** Closes some connections over that many seconds and stays ready. One at a time: false if one is running. */
  shed(count, seconds) {
    if (this.shedding || this.draining) return false;
    this.shedding = true;
    log(`shed: ${Math.min(count, this.#open())} of ${this.#open()} connections over ${seconds} s`);
    this.#close(count, seconds)
      .then((closed) => log(`shed: ${closed} connections closed`), (error) => log(`shed failed: ${error.message}`))
      .finally(() => (this.shedding = false));
    return true;
  }

  // The pace follows what is left: connections that arrive meanwhile are spread over the rest of the time. Each wait is
  // between a half and one and a half of the mean gap.
  async #close(count, seconds) {
    const end = Date.now() + seconds * 1000;
    let closed = 0;
    const left = () => Math.min(count - closed, this.#open());
    while (left() > 0) {
      const time = end - Date.now();
      if (time <= 0) break;
      const gap = time / left();
      const wait = Math.max(gap, SHORTEST_WAIT_MS) * (0.5 + Math.random());
      await delay(Math.min(wait, time));
      const due = Math.max(1, Math.round(wait / gap));
      for (let i = 0; i < due && left() > 0; i++) closed += this.#closeOne();
    }
    while (left() > 0) closed += this.#closeOne();
    return closed;
  }

  // The transport is closed: a client then reconnects by itself. After a disconnect packet it would stay away.
  #closeOne() {
    for (const { open } of this.servers) {
      for (const connection of open) {
        open.delete(connection);
        try {
          connection.close();
        } catch (error) {
          log(`closing a connection failed: ${error.message}`);
        }
        return 1;
      }
    }
    for (const end of this.passing()) {
      end();
      return 1;
    }
    return 0;
  }

  async #settle() {
    const end = Date.now() + SETTLE_MS;
    while (this.servers.connections() > 0 && Date.now() < end) await delay(20);
    const servers = [...this.servers];
    for (const server of servers) server.endClosing();
    await Promise.all(servers.map(({ broker }) => broker && broker.flush()));
  }

  #open() {
    let sum = 0;
    for (const { open } of this.servers) sum += open.size;
    return sum + this.passing().size;
  }
}

module.exports = { Drain };
