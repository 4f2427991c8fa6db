"use strict";

const { plainIp } = require("../sessions/address.js");

const BUCKET_SECONDS = 10;
/** window -> how many buckets it is long */
const WINDOWS = Object.freeze({ minute: 6, fiveMinutes: 30 });
const BUCKETS = Math.max(...Object.values(WINDOWS));
const COUNTS = ["handshakes", "requests", "forwarded", "unknown"];
// for each bucket: clients can make up addresses where no proxy is in front
const ADDRESSES = 256;
const SESSION = /[?&]sid=[^&#]/;
const UNKNOWN_SESSION = 1;

/**
 * What happened in ten seconds.
 * @typedef {object} Bucket
 * @property {number} number      of seconds since the machine's start, by BUCKET_SECONDS
 * @property {number} handshakes  sessions opened
 * @property {number} requests    requests that name a session and came from outside
 * @property {number} forwarded   those of them that another pod was given
 * @property {number} unknown     those of them whose session nobody knew
 * @property {Map<string, number>} addresses  of clients -> handshakes
 */

/**
 * Counts what clients ask of this process, for the last minutes. What other processes hand over was counted where it
 * arrived.
 */
class Traffic {
  #now;
  /** @type {(Bucket & {opened: WeakMap<object, string | undefined>})[]} opened: connection -> its client's address */
  #buckets = [];
  #handedOver = new WeakSet();

  /** @param {() => number} [now]  seconds, the same in all processes of a pod */
  constructor(now = () => process.hrtime()[0]) {
    this.#now = now;
  }

  /** Counts what comes to an engine. Its handlers as they are by now are those of requests that are handed over. */
  watch(engine) {
    const traffic = this;
    engine.on("connection", (connection) => this.#opened(connection));
    engine.on("connection_error", ({ req, code }) => {
      if (code === UNKNOWN_SESSION && namesSession(req) && !this.#handedOver.has(req)) this.count("unknown");
    });
    for (const name of ["handleRequest", "handleUpgrade"]) {
      const handle = engine[name];
      engine[name] = function (request) {
        if (namesSession(request)) traffic.count("requests");
        return handle.apply(this, arguments);
      };
    }
  }

  /** @param {"requests" | "forwarded" | "unknown"} what */
  count(what) {
    this.#bucket()[what] += 1;
  }

  /** This request was counted by the process that it came to. */
  handedOver(request) {
    this.#handedOver.add(request);
  }

  /** It turns out that nobody's client opened that connection. */
  forget(connection) {
    const bucket = this.#buckets.find(({ opened }) => opened.has(connection));
    if (!bucket) return;
    const { opened, addresses } = bucket;
    const address = opened.get(connection);
    opened.delete(connection);
    bucket.handshakes -= 1;
    if (addresses.get(address) > 1) addresses.set(address, addresses.get(address) - 1);
    else addresses.delete(address);
  }

  /** @returns {Bucket[]} as they can be sent to another process of this pod */
  buckets() {
    this.#bucket();
    return this.#buckets.map(({ opened, ...bucket }) => bucket);
  }

  #opened(connection) {
    const bucket = this.#bucket();
    const { addresses, opened } = bucket;
    const address = clientOf(connection);
    bucket.handshakes += 1;
    opened.set(connection, address);
    if (address && (addresses.has(address) || addresses.size < ADDRESSES)) addresses.set(address, (addresses.get(address) || 0) + 1);
  }

  #bucket() {
    const number = Math.floor(this.#now() / BUCKET_SECONDS);
    const last = this.#buckets[this.#buckets.length - 1];
    if (last && last.number === number) return last;
    const bucket = { number, handshakes: 0, requests: 0, forwarded: 0, unknown: 0, addresses: new Map(), opened: new WeakMap() };
    this.#buckets = [...this.#buckets.filter((old) => old.number > number - BUCKETS), bucket];
    return bucket;
  }
}

/**
 * @param {Bucket[][]} processes  the buckets of each process of this pod
 * @returns {Record<"minute" | "fiveMinutes", {handshakes: number, requests: number, forwarded: number, unknown: number, clients: number, busiest: number}>}
 *   clients: addresses; busiest: the share of the handshakes that came from the most frequent one. No address is told.
 */
function windows(processes) {
  const all = processes.flat();
  const newest = Math.max(...all.map(({ number }) => number));
  return Object.fromEntries(Object.entries(WINDOWS).map(([name, length]) => [name, sumOf(all.filter(({ number }) => number > newest - length))]));
}

function sumOf(buckets) {
  const sums = Object.fromEntries(COUNTS.map((count) => [count, buckets.reduce((sum, bucket) => sum + bucket[count], 0)]));
  const addresses = new Map();
  for (const bucket of buckets) for (const [address, count] of bucket.addresses) addresses.set(address, (addresses.get(address) || 0) + count);
  const most = [...addresses.values()].reduce((least, count) => Math.max(least, count), 0);
  return { ...sums, clients: addresses.size, busiest: sums.handshakes > 0 ? Math.round((100 * most) / sums.handshakes) / 100 : 0 };
}

function namesSession(request) {
  return Boolean(request) && SESSION.test(request.url);
}

// The last address that proxies wrote is that of whoever came to the last of them; those before it may be made up.
function clientOf({ request, remoteAddress }) {
  const forwarded = request && request.headers["x-forwarded-for"];
  const last = typeof forwarded === "string" ? forwarded.slice(forwarded.lastIndexOf(",") + 1).trim() : "";
  return plainIp(last) || plainIp(remoteAddress);
}

module.exports = { Traffic, windows };
