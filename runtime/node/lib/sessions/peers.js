"use strict";

const dns = require("dns");
const { partsOf, addressOf } = require("./address.js");
const { inTime } = require("../in-time.js");
const { log } = require("../log.js");

const LOOK_MS = 3000;
const ANSWER_MS = 1000;
const AVOID_MS = 2000;
// a peer found by its heartbeat is asked for again after this time
const FRESH_MS = 1000;

/**
 * Which addresses are pods of this cluster, so that no other address is ever dialled.
 *
 * The broker knows best: each pod leaves a heartbeat there that expires soon after the pod. Without a broker, or while it
 * is away or has just come back empty, the addresses of the headless Service count.
 */
class Peers {
  /**
   * @param {object} about
   * @param {string} about.own       this pod's address
   * @param {string[]} about.names   names of the headless Service, or addresses
   * @param {() => Heartbeats | undefined} about.heartbeats  those of the broker, if there is one
   *
   * @typedef {object} Heartbeats
   * @property {(address: string) => Promise<unknown>} beat
   * @property {(address: string) => Promise<boolean>} heard  rejects if the broker does not answer
   * @property {(address: string) => Promise<unknown>} stop
   * @property {() => boolean} complete  whether every pod that is there has had time to leave a heartbeat
   */
  constructor({ own, names, heartbeats }) {
    this.own = own;
    this.names = names;
    this.heartbeats = heartbeats;
    this.addresses = new Set();
    /** address -> {known, until}: what the broker said */
    this.asked = new Map();
    /** address -> until when it is not dialled again, as nobody was there */
    this.avoided = new Map();
    /** called with an address that is a peer's no more */
    this.onGone = () => {};
    /** addresses that are to be watched: there are connections to them */
    this.watched = () => [];
  }

  start() {
    this.timer = setInterval(() => this.#look(), LOOK_MS).unref();
    return this.#look();
  }

  /** The pod ends: the others need not find out by themselves. */
  async stop() {
    clearInterval(this.timer);
    const heartbeats = this.heartbeats();
    if (heartbeats) await inTime(heartbeats.stop(this.own), ANSWER_MS);
  }

  /** @returns {Promise<boolean>} whether the address may be dialled; answered at once unless the broker has to be asked */
  async has(address) {
    const now = Date.now();
    if (this.avoided.get(address) > now) return false;
    const asked = this.asked.get(address);
    if (asked && asked.until > now) return asked.known;
    const known = await this.#isPeer(address);
    this.asked.set(address, { known, until: Date.now() + FRESH_MS });
    return known;
  }

  /** Nobody is at the address: for a while it is taken for gone. */
  avoid(address) {
    this.avoided.set(address, Date.now() + AVOID_MS);
  }

  async #isPeer(address) {
    const heartbeats = this.heartbeats();
    const heard = heartbeats ? await answerOf(heartbeats.heard(address)) : undefined;
    if (heard || (heard === false && heartbeats.complete())) return heard;
    const { ip } = partsOf(address);
    // a new pod: somebody with the key has sealed its address
    if (!this.addresses.has(ip)) await inTime(this.#resolve(), ANSWER_MS);
    return this.addresses.has(ip);
  }

  async #look() {
    const heartbeats = this.heartbeats();
    if (heartbeats) heartbeats.beat(this.own).catch(() => {});
    await this.#resolve();
    this.#forget();
    for (const address of this.watched()) if (!(await this.has(address))) this.onGone(address);
  }

  async #resolve() {
    const found = await Promise.all(this.names.map(lookUp));
    // a name server that is away for a moment takes nobody away
    if (found.every((addresses) => addresses === undefined)) return this.#report();
    this.reported = false;
    this.addresses = new Set(found.flatMap((addresses) => addresses || []));
    return undefined;
  }

  #report() {
    if (!this.reported) log(`sessions: ${this.names.join(", ")} cannot be resolved, tried again every ${LOOK_MS / 1000} s`);
    this.reported = true;
  }

  #forget() {
    const now = Date.now();
    for (const [address, until] of this.avoided) if (until < now) this.avoided.delete(address);
    for (const [address, { until }] of this.asked) if (until < now) this.asked.delete(address);
  }
}

/** @returns {Promise<string[] | undefined>} undefined if there is no answer */
async function lookUp(name) {
  try {
    const found = await dns.promises.lookup(name, { all: true });
    return found.map(({ address }) => partsOf(addressOf(address, 0)).ip);
  } catch (error) {
    return error.code === "ENOTFOUND" ? [] : undefined;
  }
}

async function answerOf(promise) {
  let answer;
  const answered = await inTime(promise.then((value) => (answer = value)), ANSWER_MS);
  return answered ? answer : undefined;
}

module.exports = { Peers };
