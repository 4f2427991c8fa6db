"use strict";

const { performance } = require("perf_hooks");
const { plainIp } = require("../sessions/address.js");

const HEARD_MS = 60_000;
const TOLD = 200;
const MINUTE_MS = 60_000;
const LAG_MINUTES = 5;
const SENDERS = 1000;

/** From which pods heartbeats came, when, and how late. Whoever reaches the broker may send any, in any number. */
class Heard {
  /**
   * Sender -> what is known of it; the one heard last comes last.
   * @type {Map<string, {at: number, lag: number, least: {minute: number, difference: number}[]}>}
   */
  #senders = new Map();
  #own;
  #now;

  /** @param {string} own  this pod's address @param {() => number} [now]  milliseconds that never go back */
  constructor(own, now = () => performance.now()) {
    this.#own = own;
    this.#now = now;
  }

  /**
   * A heartbeat came.
   * @param {unknown} address
   * @param {unknown} sent     by the sender's clock, milliseconds
   * @param {number} [arrived] by ours
   */
  beat(address, sent, arrived = Date.now()) {
    const sender = plainIp(address);
    if (!sender || sender === this.#own || typeof sent !== "number" || !Number.isFinite(sent)) return;
    const at = this.#now();
    const { least } = this.#senders.get(sender) || { least: [] };
    const difference = arrived - sent;
    const leasts = leastOf(least, Math.floor(at / MINUTE_MS), difference);
    const lag = difference - Math.min(...leasts.map((minute) => minute.difference));
    this.#senders.delete(sender);
    this.#senders.set(sender, { at, lag, least: leasts });
    this.#forget(at);
  }

  /** @returns {{hears: Record<string, number>, lag?: number}} seconds since each pod was heard; seconds that the latest heartbeat took longer */
  state() {
    const now = this.#now();
    const fresh = [...this.#senders].reverse().slice(0, TOLD).filter(([, { at }]) => now - at < HEARD_MS);
    const hears = Object.fromEntries(fresh.map(([address, { at }]) => [address, Math.round((now - at) / 100) / 10]));
    if (fresh.length === 0) return { hears };
    return { hears, lag: Math.max(...fresh.map(([, { lag }]) => lag)) / 1000 };
  }

  #forget(now) {
    for (const [sender, { at }] of this.#senders) {
      if (this.#senders.size <= SENDERS && now - at < LAG_MINUTES * MINUTE_MS) return;
      this.#senders.delete(sender);
    }
  }
}

// Clocks differ by what the quickest heartbeat of a while seems to have taken. A while: clocks drift.
function leastOf(minutes, minute, difference) {
  const kept = minutes.filter((one) => one.minute >= minute - LAG_MINUTES && one.minute !== minute);
  const same = minutes.find((one) => one.minute === minute);
  return [...kept, { minute, difference: same ? Math.min(same.difference, difference) : difference }];
}

module.exports = { Heard };
