"use strict";

const fs = require("fs");
const { parseURL } = require("ioredis/built/utils");
const { inTime } = require("../in-time.js");
const { log } = require("../log.js");
const { LONGEST_MS, loginWait } = require("./login-wait.js");
const { RedisClient, isRefusal } = require("./redis-client.js");
const { RedisHeartbeats } = require("./redis-heartbeats.js");

const CHECK_MS = 3000;
const ANSWER_MS = 1500;
const FLUSH_MS = 1000;
// time for the other processes to subscribe again
const OTHERS_SUBSCRIBE_MS = 1000;

/** The connections of one adapter to Redis, watched as a whole. */
class RedisBroker {
  /**
   * @param {string} url     redis:// or rediss://, with or without user and password
   * @param {string} prefix  of keys
   * @param {string} [caFile]  of the authority that signed its certificate; by default those that Node.js knows
   */
  constructor(url, prefix, caFile) {
    const { protocol } = new URL(url);
    if (protocol !== "redis:" && protocol !== "rediss:") throw new Error("the broker's URL is not redis:// or rediss://");
    /** @type {Set<RedisClient>} */
    this.clients = new Set();
    /** publications that somebody waits for: their `reject` */
    this.awaited = new Set();
    /** called when nobody should wait for a publication any longer */
    this.onRelease = new Set([() => this.#rejectAwaited()]);
    /** called when Redis is there again, or for the first time */
    this.onReturn = new Set();
    /** from an outage until the other processes had time to subscribe again: sends what is published meanwhile */
    this.held = undefined;
    this.dropped = 0;
    this.answering = true;
    this.told = undefined;
    this.error = undefined;
    /** how many logins in a row were refused */
    this.refused = 0;
    const options = parseURL(url);
    const tls = { ...(caFile && { ca: fs.readFileSync(caFile) }) };
    this.main = new RedisClient({ ...options, ...(protocol === "rediss:" ? { tls } : {}) }, this);
    this.heartbeats = new RedisHeartbeats(this, prefix);
    this.place = `${options.host || "localhost"}:${options.port || 6379}`;
    this.timer = setInterval(() => this.#check(), CHECK_MS).unref();
  }

  /** @returns {import("./index.js").Broker} */
  with(adapter) {
    const { heartbeats } = this;
    return { adapter, heartbeats, state: () => this.state(), flush: () => this.flush(), close: () => this.close(), dropped: () => this.dropped };
  }

  /** reachable: commands get through; subscribed: what others publish arrives. */
  state() {
    const clients = [...this.clients];
    const reachable = this.main.status === "ready" && this.answering;
    const arriving = clients.some((client) => client.subscriber || client.reader) && clients.every((client) => client.listening());
    return { reachable, subscribed: reachable && arriving, ...(this.refused > 0 && { refused: true }) };
  }

  /** Whether what is published from now on will be read from its stream. */
  reading() {
    return this.answering && [...this.clients].some((client) => client.reads());
  }

  /** @returns {Promise<boolean>} whether Redis is there, or comes back within that time */
  async reachableWithin(milliseconds) {
    if (this.state().reachable) return true;
    let returned;
    const back = new Promise((resolve) => this.onReturn.add((returned = resolve)));
    const reachable = await inTime(back, milliseconds);
    this.onReturn.delete(returned);
    return reachable;
  }

  /** @returns {Promise<any>} as the promise given, but rejected as soon as Redis is away */
  async unlessAway(promise) {
    let away;
    const lost = new Promise((_, reject) => this.onRelease.add((away = () => reject(new Error("the broker is away")))));
    try {
      return await Promise.race([promise, lost]);
    } finally {
      this.onRelease.delete(away);
    }
  }

  /** Lets go whoever waits for a publication: a connection is lost, or Redis does not answer. */
  release() {
    for (const released of this.onRelease) released();
  }

  #rejectAwaited() {
    for (const reject of this.awaited) reject(new Error("Redis is away"));
    this.awaited.clear();
  }

  /** Called by a client on an error; the next change of state tells it. */
  failed(error, client) {
    this.error = error.message || error.code || String(error);
    if (isRefusal(error)) this.refused = this.#tries(client) ? this.refused + 1 : Math.max(this.refused, 1);
    else if (client === this.main) this.refused = 0;
    this.changed();
  }

  /** @returns {number | undefined} milliseconds until a client may try again; undefined: as it likes */
  retryAfter(client) {
    if (this.refused === 0) return undefined;
    return this.#tries(client) ? loginWait(this.refused) : LONGEST_MS;
  }

  // one tries for all
  #tries(client) {
    return client === this.main || this.main.status === "ready";
  }

  /** Called by a client whose login was accepted. */
  accepted() {
    if (this.refused > 0) {
      this.refused = 0;
      for (const client of this.clients) client.wake();
    }
    this.changed();
  }

  /** Logs losing and regaining the broker, one line each. */
  changed() {
    if (this.closing) return;
    const up = this.state().subscribed;
    const telling = up ? "connected and subscribed" : this.refused > 0 ? "refuses the login" : "away";
    if (telling === this.told || (!up && this.told === undefined && !this.error)) return;
    this.told = telling;
    if (up) this.#returned();
    else this.#hold();
    const dropped = this.dropped > 0 ? `, ${this.dropped} commands dropped so far` : "";
    log(`broker ${this.place}: ${telling}${up ? dropped : ` (${this.error || "connection closed"}), trying again`}`);
  }

  #returned() {
    this.#sendHeldLater();
    for (const returned of [...this.onReturn]) returned();
  }

  #hold() {
    clearTimeout(this.holding);
    this.held = this.held || [];
  }

  #sendHeldLater() {
    if (this.held === undefined) return;
    this.holding = setTimeout(() => {
      const { held } = this;
      this.held = undefined;
      for (const send of held) send();
    }, OTHERS_SUBSCRIBE_MS).unref();
  }

  // A PING on every connection: a Redis that hangs, or a connection that the network forgot, gives no other sign.
  // A connection without any answer is ended by its client and made anew.
  async #check() {
    const pings = [...this.clients].filter((client) => !client.reader && client.status === "ready").map((client) => client.ping());
    if (pings.length === 0) return;
    this.answering = await inTime(Promise.all(pings), ANSWER_MS);
    if (this.answering) {
      this.main.queuedBytes = 0;
    } else {
      this.error = `no answer to PING in ${ANSWER_MS} ms`;
      this.release();
    }
    this.changed();
  }

  async flush() {
    if (this.main.status === "ready") await inTime(this.main.ping(), FLUSH_MS);
  }

  close() {
    this.closing = true;
    clearInterval(this.timer);
    for (const client of this.clients) client.disconnect();
  }
}

module.exports = { RedisBroker };
