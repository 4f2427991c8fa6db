"use strict";

const { setTimeout: delay } = require("timers/promises");
const { Command, Redis } = require("ioredis");

const SILENCE_CHECK_MS = 2000;
const SILENT_CHECKS = 4;
const SUBSCRIBE = new Set(["subscribe", "psubscribe", "ssubscribe"]);
const PUBLISH = new Set(["publish", "spublish", "xadd"]);
const UNKEPT = new Set(["publish", "spublish"]);
const AWAITED = new Set(["spublish", "xadd"]);
const QUEUED_COMMANDS = 10_000;
const QUEUED_BYTES = 16 * 1024 * 1024;
const PASSED = Symbol("passed");
const WRITTEN = Symbol("written");
// Adds an entry unless one of the same publisher with the same number came after a certain entry.
const ADD_ONCE = `
local found = redis.call('XRANGE', KEYS[1], ARGV[1], '+')
for _, entry in ipairs(found) do
  local fields = {}
  for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
  if fields.uid == ARGV[2] and fields.number == ARGV[3] then return entry[1] end
end
return redis.call('XADD', KEYS[1], unpack(ARGV, 4))`;
// what Redis says to a wrong password, before version 6 too, and to none
const REFUSAL = /\b(WRONGPASS|NOAUTH)\b|invalid password|invalid username-password/i;
const nothing = () => {};

/**
 * A Redis client that lives through outages of Redis: it reconnects for ever, queues what is published meanwhile within
 * bounds, never raises an unhandled rejection and keeps no process alive.
 */
class RedisClient extends Redis {
  /**
   * @param {object} options  ioredis options
   * @param {object} broker  the RedisBroker, told about every duplicate and every dropped command
   */
  constructor(options, broker) {
    super({
      ...options,
      maxRetriesPerRequest: null,
      connectTimeout: 5000,
      keepAlive: 10_000,
      retryStrategy: (attempt) => broker.retryAfter(this) || Math.min(attempt * 100, 2000) * (0.75 + Math.random() / 2),
    });
    this.broker = broker;
    // adapters add listeners for each namespace
    this.setMaxListeners(0);
    this.subscriber = false;
    this.confirmed = false;
    this.reader = false;
    this.queuedBytes = 0;
    this.positions = new Map();
    /** subscriptions that Redis refused with the login: [command, arguments] */
    this.refused = [];
    this.on("error", (error) => broker.failed(error, this));
    this.on("connect", () => this.stream && this.stream.unref && this.stream.unref());
    this.on("reconnecting", () => setImmediate(() => this.reconnectTimeout && this.reconnectTimeout.unref()));
    this.on("ready", () => {
      this.queuedBytes = 0;
      for (const [name, args] of this.refused.splice(0)) this[name](...args).catch(nothing);
      // ioredis takes a duplicate for ready before it has logged in, as it makes no check
      if (this.options.enableReadyCheck) broker.accepted();
      else broker.changed();
    });
    this.on("close", () => {
      this.confirmed = false;
      broker.release();
      broker.changed();
    });
    broker.clients.add(this);
    const silence = setInterval(() => this.#endSilent(), SILENCE_CHECK_MS).unref();
    this.once("end", () => {
      clearInterval(silence);
      broker.clients.delete(this);
    });
  }

  // A connection that has left a command without an answer for eight seconds is made anew. ioredis can do so itself
  // (`socketTimeout`), by a timer and a listener for each answer: 0.9 % of the processor time under broadcasts.
  #endSilent() {
    const oldest = this.commandQueue.peekFront();
    this.unanswered = oldest !== undefined && oldest === this.oldest ? this.unanswered + 1 : 0;
    this.oldest = oldest;
    if (this.unanswered >= SILENT_CHECKS) this.stream.destroy(new Error("no answer"));
  }

  /**
   * A further connection with the same options. It skips the check that Redis has loaded its data: the check's INFO
   * would collide with a subscription that is made before it is answered.
   */
  duplicate(override) {
    return new RedisClient({ ...this.options, ...override, enableReadyCheck: false }, this.broker);
  }

  sendCommand(command, stream) {
    // ioredis passes commands again that it had queued or that a lost connection left unanswered
    if (command[PASSED]) return this.#sendAgain(command, stream);
    command[PASSED] = true;
    if (command.name === "xadd") this.#followAdd(command);
    const held = UNKEPT.has(command.name) ? this.broker.held : undefined;
    const away = this.status !== "ready" || !this.broker.answering || held !== undefined;
    const dropped = away && PUBLISH.has(command.name) && this.#full(command);
    if (dropped) {
      this.broker.dropped += 1;
      command.reject(new Error("dropped: Redis is away and the queue is full"));
    }
    // an adapter does not wait for each of its commands: none of them may end as an unhandled rejection
    command.promise.catch(PUBLISH.has(command.name) ? this.#countLost : nothing);
    if (SUBSCRIBE.has(command.name)) this.#confirm(command);
    if (held !== undefined && !dropped) this.#hold(command, stream);
    const sent = dropped || held !== undefined ? command.promise : super.sendCommand(command, stream);
    return AWAITED.has(command.name) ? this.#releasable(sent, away) : sent;
  }

  #followAdd(command) {
    command[WRITTEN] = this.status === "ready";
    command.promise.then((id) => (this.lastAdded = id), nothing);
  }

  // Redis may have added the entry before the connection was lost, and nobody was told.
  #sendAgain(command, stream) {
    const inDoubt = command.name === "xadd" && command[WRITTEN];
    if (command.name === "xadd") command[WRITTEN] = true;
    if (!inDoubt) return super.sendCommand(command, stream);
    const [name, ...args] = command.args.map(String);
    const fields = args.slice(args.indexOf("*") + 1);
    const field = (wanted) => fields[fields.findIndex((key, i) => i % 2 === 0 && key === wanted) + 1];
    const once = new Command("eval", [ADD_ONCE, 1, name, this.lastAdded || "-", field("uid"), field("number"), ...args], { replyEncoding: "utf8" });
    once[PASSED] = true;
    once.promise.then(command.resolve, command.reject);
    super.sendCommand(once);
    return command.promise;
  }

  // Redis keeps what is published for nobody, and ioredis sends it as soon as it is connected, ahead of what is queued.
  #hold(command, stream) {
    this.broker.held.push(() => super.sendCommand(command, stream));
  }

  // The adapters that wait for a publication deliver to the clients of their own process afterwards. They are told of a
  // failure as soon as Redis is away, so that these clients need not wait; the command stays queued for the others.
  #releasable(sent, away) {
    const released = new Promise((resolve, reject) => {
      if (away) return reject(new Error("Redis is away"));
      const { awaited } = this.broker;
      awaited.add(reject);
      return sent.then(resolve, reject).finally(() => awaited.delete(reject));
    });
    released.catch(nothing);
    return released;
  }

  #full(command) {
    this.queuedBytes += command.args.reduce((sum, argument) => sum + (argument.length || 8), 0);
    const { held = [] } = this.broker;
    return this.offlineQueue.length + held.length >= QUEUED_COMMANDS || this.queuedBytes > QUEUED_BYTES;
  }

  #countLost = (error) => {
    if (isRefusal(error)) this.broker.dropped += 1;
  };

  #confirm(command) {
    this.subscriber = true;
    command.promise.then(() => {
      this.confirmed = true;
      this.broker.accepted();
    }, (error) => {
      if (!isRefusal(error)) return;
      this.refused.push([command.name, command.args]);
      this.broker.failed(error, this);
      if (this.status === "ready") this.disconnect(true);
    });
  }

  /** Connects now if it waits for its next try. */
  wake() {
    if (this.status !== "reconnecting") return;
    clearTimeout(this.reconnectTimeout);
    this.connect().catch(nothing);
  }

  /**
   * XREAD as the Streams adapter calls it. "$" (what comes from now on) is pinned to the stream's last entry once:
   * otherwise entries added between two calls, or while Redis restarts, would be skipped. After an error it waits, as
   * the adapter asks again at once.
   */
  async xread(...args) {
    const stream = args[args.length - 2];
    this.reader = true;
    try {
      if (args[args.length - 1] === "$") args[args.length - 1] = await this.#position(stream);
      return await super.xread(...args);
    } catch (error) {
      if (this.status === "end") return new Promise(nothing);
      this.broker.failed(error);
      await delay(500, undefined, { ref: false });
      throw error;
    }
  }

  async #position(stream) {
    if (!this.positions.has(stream)) {
      const [last] = await this.xrevrange(stream, "+", "-", "COUNT", 1);
      this.positions.set(stream, last ? last[0] : "0-0");
    }
    return this.positions.get(stream);
  }

  /** @returns {boolean} whether this connection reads a stream, from an entry that is known */
  reads() {
    return this.status === "ready" && this.positions.size > 0;
  }

  /** @returns {boolean} whether everything that was subscribed is */
  listening() {
    return this.status === "ready" && (!this.subscriber || this.confirmed);
  }
}

/** @returns {boolean} whether Redis does not take user and password */
function isRefusal({ message }) {
  return REFUSAL.test(message);
}

module.exports = { RedisClient, isRefusal };
