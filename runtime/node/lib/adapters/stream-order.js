"use strict";

const { isAfter } = require("./stream-ids.js");

// MessageType of socket.io-adapter: what reaches the other processes by the stream and this process's clients directly
const BROADCAST = 3;
const SOCKETS_JOIN = 4;
const SOCKETS_LEAVE = 5;
const DISCONNECT_SOCKETS = 6;
const ORDERED = new Set([BROADCAST, SOCKETS_JOIN, SOCKETS_LEAVE, DISCONNECT_SOCKETS]);
const OUTAGES = 8;

/**
 * Lets the clients of this process see one namespace's events in the order of the stream, each once.
 *
 * A client that comes back names the last entry that it saw and is given those after it. The Streams adapter delivers what
 * this process publishes at once and what others publish when it is read: a client that saw a late entry before an early one
 * never gets the early one. Here both are delivered when they are read.
 *
 * While Redis is away the clients of this process need not wait: they are given what it publishes with the offset of the last
 * entry that was read. It is noted, so that a later restoration does not give it to them again.
 */
class StreamOrder {
  #adapter;
  #broker;
  #restorations;
  #original;
  #published = 0;
  /** own publications that were not read back yet: number -> {message, early}; `early()` delivers one at once */
  #waiting = new Map();
  /** numbers of own publications that were delivered before they were read: {from, to, until}; until: when the last one was */
  #given = [];
  /** socket id -> id of the last entry that it was given by its restoration, ahead of the reader */
  #ahead = new Map();
  #furthest = "0-0";
  /** id of the last entry that was read */
  #last;
  #reading;

  /**
   * @param {object} adapter  a RedisStreamsAdapter; it is changed
   * @param {import("./redis-broker.js").RedisBroker} broker
   * @param {import("./restorations.js").Restorations} restorations
   */
  constructor(adapter, broker, restorations) {
    const { publishAndReturnOffset, encode, onRawMessage, onMessage, apply, close } = adapter;
    this.#adapter = adapter;
    this.#broker = broker;
    this.#restorations = restorations;
    this.#original = { publish: publishAndReturnOffset, onMessage };
    const giveUp = () => this.#giveUp();
    broker.onRelease.add(giveUp);
    Object.assign(adapter, {
      publishAndReturnOffset: (message) => this.#publish(message),
      encode: (message) => {
        const raw = encode.call(adapter, message);
        // each entry has a number: one that may have been added before the connection was lost is not added twice
        raw.number = String(message.number ?? ++this.#published);
        return raw;
      },
      onRawMessage: (raw, id) => {
        this.#reading = { id, bytes: (raw.data || "").length };
        try {
          if (raw.uid === adapter.uid) this.#readBack(raw.number);
          else onRawMessage.call(adapter, raw, id);
        } finally {
          this.#reading = undefined;
          this.#last = id;
        }
      },
      onMessage: (message, id) => this.#deliver(message, id),
      apply: (opts, callback) => apply.call(adapter, opts, this.#leavingOutGiven(callback)),
      close: () => {
        broker.onRelease.delete(giveUp);
        return close.call(adapter);
      },
    });
  }

  // The adapter delivers to its own clients when this promise is fulfilled, with an offset, or rejected. It stays pending
  // for what will be read back, unless that cannot be waited for: Redis or the reader is away.
  #publish(message) {
    if (!ORDERED.has(message.type) || message.data.requestId !== undefined) return this.#original.publish.call(this.#adapter, message);
    const number = (message.number = ++this.#published);
    const stored = this.#original.publish.call(this.#adapter, message);
    if (!this.#broker.reading()) return stored.catch(() => this.#early(number));
    return new Promise((resolve) => {
      const early = () => this.#waiting.delete(number) && resolve(this.#early(number));
      this.#waiting.set(number, { message, early });
      stored.catch(early);
    });
  }

  // A client takes the last text of any event for its offset: one without would cost it its place in the stream.
  async #early(number) {
    const range = this.#given[this.#given.length - 1];
    const until = Date.now();
    if (range && number === range.to + 1) Object.assign(range, { to: number, until });
    else this.#given.push({ from: number, to: number, until });
    if (this.#given.length > OUTAGES) this.#given.shift();
    if (this.#last === undefined) throw new Error("nothing was read yet");
    return this.#last;
  }

  // Numbers come back in their order: one that was passed over was trimmed from the stream before it was read.
  #readBack(text) {
    for (const [number, { message, early }] of this.#waiting) {
      if (number > Number(text)) return;
      if (number < Number(text)) early();
      else if (this.#waiting.delete(number)) this.#deliver({ ...message, uid: undefined }, this.#reading.id);
    }
  }

  #giveUp() {
    for (const { early } of [...this.#waiting.values()]) early();
  }

  /**
   * @param {number} time  milliseconds since the epoch
   * @returns {import("./session-store.js").Early[]} what the sockets that are there since then were given early, or what was
   *   given before they came
   */
  early(time) {
    return this.#given.filter(({ until }) => until >= time).map(({ from, to }) => [this.#adapter.uid, from, to]);
  }

  #deliver(message, id) {
    const { onMessage } = this.#original;
    if (id === undefined || message.type !== BROADCAST) return onMessage.call(this.#adapter, message, id);
    if (isAfter(id, this.#furthest)) this.#ahead.clear();
    onMessage.call(this.#adapter, message, id);
    return this.#restorations.delivered(id, message.data, this.#reading.bytes);
  }

  #leavingOutGiven(callback) {
    if (this.#reading === undefined || this.#ahead.size === 0) return callback;
    const { id } = this.#reading;
    return (socket) => {
      const upTo = this.#ahead.get(socket.id);
      if (upTo === undefined || isAfter(id, upTo)) callback(socket);
    };
  }

  /**
   * The reader may be behind what a socket was given by its restoration.
   * @param {string} upTo  id of the last entry that it was given
   */
  ahead(socket, upTo) {
    this.#ahead.set(socket.id, upTo);
    if (isAfter(upTo, this.#furthest)) this.#furthest = upTo;
  }
}

module.exports = { StreamOrder };
