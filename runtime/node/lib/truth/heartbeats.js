"use strict";

const { BEAT, beat, carries } = require("./carrier.js");
const { Heard } = require("./heard.js");
const { BEAT_MS, heardFor, nextInterval } = require("./interval.js");

const FIRST_MS = 1000;
const AGAIN_MS = 1000;
const PATIENCE_MS = 60_000;

/** Tells the other pods by the adapter itself that this one is there, and notes which of them are heard. */
class Heartbeats {
  /**
   * @param {object} namespace  ours
   * @param {string} address    of this pod
   * @param {() => boolean} up  whether the broker can be reached, as far as is known
   */
  constructor(namespace, address, up) {
    this.namespace = namespace;
    this.address = address;
    this.up = up;
    this.heard = new Heard(address);
    /** of the heartbeats that it sends, milliseconds */
    this.interval = BEAT_MS;
    /** until when the last heartbeat is waited for: none is queued behind it */
    this.busyUntil = 0;
    namespace.on(BEAT, (from, sent) => this.heard.beat(from, sent));
    this.#schedule(FIRST_MS);
  }

  /** @returns {{hears?: Record<string, number>, lag?: number, interval?: number}} seconds; empty if the adapter has no way to the other processes */
  state() {
    if (!carries(this.namespace.adapter)) return {};
    return { ...this.heard.state(heardFor(this.interval)), interval: Math.round(this.interval / 100) / 10 };
  }

  close() {
    clearTimeout(this.timer);
  }

  #schedule(milliseconds) {
    this.timer = setTimeout(() => this.#beat(), milliseconds).unref();
  }

  #beat() {
    const able = carries(this.namespace.adapter);
    if (able && this.up() && Date.now() >= this.busyUntil) this.#send();
    // a broker that comes back is used at once
    this.#schedule(able && !this.up() ? AGAIN_MS : this.#pause());
  }

  // pods that started together do not stay in step
  #pause() {
    this.interval = nextInterval(this.heard.count(heardFor(this.interval)), this.interval);
    return this.interval * (0.9 + Math.random() / 5);
  }

  #send() {
    const until = (this.busyUntil = Date.now() + PATIENCE_MS);
    beat(this.namespace, this.address, Date.now()).then(() => this.busyUntil === until && (this.busyUntil = 0));
  }
}

module.exports = { Heartbeats };
