"use strict";

const KEPT_MS = 15_000;
const FORGOTTEN_MS = 600_000;

// By the clock of Redis, which all pods share. The key has no time to live: a Redis that is short of memory may evict one
// that has.
const NOW = "local time = redis.call('TIME') local now = time[1] * 1000 + math.floor(time[2] / 1000)";
const BEAT = `${NOW}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ${FORGOTTEN_MS})
redis.call('ZADD', KEYS[1], now, ARGV[1])`;
const HEARD = `${NOW}
local last = redis.call('ZSCORE', KEYS[1], ARGV[1])
return (last and now - last < ${KEPT_MS}) and 1 or 0`;

/** Heartbeats of the pods in Redis: when each was heard last. */
class RedisHeartbeats {
  /** @param {{main: import("./redis-client.js").RedisClient, state: () => {reachable: boolean}}} broker */
  constructor(broker, prefix) {
    this.broker = broker;
    this.key = `${prefix}:peers`;
    this.address = undefined;
    this.connectedAt = Infinity;
    for (const [name, lua] of [["peersBeat", BEAT], ["peersHeard", HEARD]]) broker.main.defineCommand(name, { lua, numberOfKeys: 1 });
    // The others are to know a pod as soon as it may be ready, and when Redis was away, however short: it may have lost all.
    broker.main.on("ready", () => {
      this.connectedAt = Date.now();
      if (this.address) this.beat(this.address).catch(() => {});
    });
  }

  /** To be called every few seconds. @param {string} address  of this pod */
  beat(address) {
    this.address = address;
    return this.#ask((redis) => redis.peersBeat(this.key, address));
  }

  /** @returns {Promise<boolean>} whether the pod of that address was there a moment ago; rejects if Redis is away */
  heard(address) {
    return this.#ask(async (redis) => (await redis.peersHeard(this.key, address)) === 1);
  }

  stop(address) {
    this.address = undefined;
    return this.#ask((redis) => redis.zrem(this.key, address));
  }

  /** Whether each pod that is there has had time for a heartbeat: Redis may have come back empty. */
  complete() {
    return Date.now() - this.connectedAt > KEPT_MS;
  }

  // nothing is queued for later: what is asked now is of no use then
  async #ask(question) {
    if (!this.broker.state().reachable) throw new Error("the broker is away");
    return question(this.broker.main);
  }
}

module.exports = { RedisHeartbeats };
