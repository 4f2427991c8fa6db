"use strict";

const KEPT_MS = 15_000;

/** Heartbeats of the pods in Redis: a key for each, which expires soon after its pod. */
class RedisHeartbeats {
  /** @param {import("./redis-broker.js").RedisBroker} broker */
  constructor(broker, prefix) {
    this.broker = broker;
    this.prefix = `${prefix}:peer:`;
  }

  /** To be called every few seconds. @param {string} address  of this pod */
  beat(address) {
    return this.#ask((redis) => redis.set(this.prefix + address, "1", "PX", KEPT_MS));
  }

  /** @returns {Promise<boolean>} whether the pod of that address was there a moment ago; rejects if Redis is away */
  heard(address) {
    return this.#ask(async (redis) => (await redis.exists(this.prefix + address)) === 1);
  }

  stop(address) {
    return this.#ask((redis) => redis.del(this.prefix + address));
  }

  /** Whether each pod that is there has had time for a heartbeat: Redis may have come back empty. */
  complete() {
    const { upSince } = this.broker;
    return upSince !== undefined && Date.now() - upSince > KEPT_MS;
  }

  // nothing is queued for later: what is asked now is of no use then
  async #ask(question) {
    if (!this.broker.state().reachable) throw new Error("the broker is away");
    return question(this.broker.main);
  }
}

module.exports = { RedisHeartbeats };
