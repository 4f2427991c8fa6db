"use strict";

const { performance } = require("perf_hooks");
const { plainIp } = require("../sessions/address.js");

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
    if (typeof sent !== "number" || !Number.isFinite(sent)) return;
    // most are known already: to parse an address takes longer than all the rest
    const sender = this.#senders.has(address) ? address : plainIp(address);
    if (!sender || sender === this.#own) return;
    const at = this.#now();
    const known = this.#senders.get(sender) || { least: [] };
    const difference = arrived - sent;
    const least = leastOf(known.least, Math.floor(at / MINUTE_MS), difference);
    this.#senders.delete(sender);
    this.#senders.set(sender, { at, lag: difference - least, least: known.least });
    if (this.#senders.size > SENDERS) this.#senders.delete(this.#senders.keys().next().value);
  }

  /** @param {number} within  milliseconds @returns {number} how many pods were heard */
  count(within) {
    const now = this.#now();
    return [...this.#senders.values()].filter(({ at }) => now - at < within).length;
  }

  /**
   * @param {number} within  milliseconds
   * @returns {{hears: Record<string, number>, lag?: number}} seconds since each pod was heard; seconds that the latest heartbeat took longer
   */
  state(within) {
    const now = this.#now();
    const fresh = [...this.#senders].reverse().slice(0, TOLD).filter(([, { at }]) => now - at < within);
    const hears = Object.fromEntries(fresh.map(([address, { at }]) => [address, Math.round((now - at) / 100) / 10]));
    if (fresh.length === 0) return { hears };
    return { hears, lag: Math.max(...fresh.map(([, { lag }]) => lag)) / 1000 };
  }
}

// Clocks differ by what the quickest heartbeat of a while seems to have taken. A while: clocks drift. `minutes` is kept up
// to date, oldest first.
function leastOf(minutes, minute, difference) {
  const last = minutes[minutes.length - 1];
  if (last && last.minute === minute) last.difference = Math.min(last.difference, difference);
  else minutes.push({ minute, difference });
  while (minutes[0].minute < minute - LAG_MINUTES) minutes.shift();
  return minutes.reduce((least, one) => Math.min(least, one.difference), difference);
}

module.exports = { Heard };
