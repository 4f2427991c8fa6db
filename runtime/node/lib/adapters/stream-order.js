"use strict";

const { makeWay } = require("./restored.js");

// MessageType of socket.io-adapter: what reaches the other processes by the stream and this process's clients directly
const BROADCAST = 3;
const SOCKETS_JOIN = 4;
const SOCKETS_LEAVE = 5;
const DISCONNECT_SOCKETS = 6;
const ORDERED = new Set([BROADCAST, SOCKETS_JOIN, SOCKETS_LEAVE, DISCONNECT_SOCKETS]);

const EVENT = 2; // PacketType of socket.io-parser
const LONGEST_RESTORATION_MS = 60_000;

/**
 * Lets the clients of this process see one namespace's events in the order of the stream, each once.
 *
 * A client that comes back names the last entry that it saw and is given those after it. The Streams adapter alone is
 * not exact there, in four ways, each of them closed here:
 * - It delivers what this process publishes at once and what others publish when it is read. A client that saw a late
 *   entry before an early one never gets the early one. Here both are delivered when they are read.
 * - An entry that is delivered after the last read of a restoration and before the socket is connected reaches nobody.
 *   Here it is kept for that socket.
 * - An entry that was part of the restoration and is read afterwards is delivered twice. Here it is left out.
 * - What was missed is sent before the client is told that it is connected. A client that loses the connection in between
 *   keeps it, and gets it again by its next restoration. Here it is sent right after.
 */
class StreamOrder {
  #adapter;
  #broker;
  #original;
  #published = 0;
  /** own publications that were not read back yet: number -> {message, reject} */
  #waiting = new Map();
  /** sessions being restored: {since, missed, entries, upTo}; `entries` come after `missed`, whose last id is `upTo` */
  #restorations = new Set();
  /** session id -> its restoration, once the session is there and until its socket connects */
  #restored = new Map();
  /** socket id -> id of the last entry that it was given by its restoration, ahead of the reader */
  #ahead = new Map();
  #furthest = "0-0";
  #reading;

  /**
   * @param {object} adapter  a RedisStreamsAdapter; it is changed
   * @param {import("../redis-broker.js").RedisBroker} broker
   */
  constructor(adapter, broker) {
    const { publishAndReturnOffset, encode, onRawMessage, onMessage, apply, restoreSession, close } = adapter;
    this.#adapter = adapter;
    this.#broker = broker;
    this.#original = { publish: publishAndReturnOffset, onMessage, restoreSession };
    const giveUp = () => this.#giveUp();
    broker.onRelease.add(giveUp);
    Object.assign(adapter, {
      publishAndReturnOffset: (message) => this.#publish(message),
      encode: (message) => {
        const raw = encode.call(adapter, message);
        if (message.number !== undefined) raw.number = String(message.number);
        return raw;
      },
      onRawMessage: (raw, id) => (raw.uid === adapter.uid ? this.#readBack(raw.number, id) : onRawMessage.call(adapter, raw, id)),
      onMessage: (message, id) => this.#deliver(message, id),
      apply: (opts, callback) => apply.call(adapter, opts, this.#leavingOutGiven(callback)),
      restoreSession: (pid, offset) => this.#restore(pid, offset),
      close: () => {
        broker.onRelease.delete(giveUp);
        return close.call(adapter);
      },
    });
  }

  // The adapter delivers to its own clients when this promise is fulfilled or rejected. It stays pending for what will
  // be read back, and is rejected if that cannot be waited for: Redis or the reader is away.
  #publish(message) {
    const ordered = ORDERED.has(message.type) && message.data.requestId === undefined && this.#broker.reading();
    if (!ordered) return this.#original.publish.call(this.#adapter, message);
    const number = (message.number = ++this.#published);
    return new Promise((_, reject) => {
      this.#waiting.set(number, { message, reject });
      this.#original.publish.call(this.#adapter, message).catch((error) => {
        if (this.#waiting.delete(number)) reject(error);
      });
    });
  }

  // Numbers come back in their order: one that was passed over was trimmed from the stream before it was read.
  #readBack(text, id) {
    if (text === undefined) return;
    for (const [number, { message, reject }] of this.#waiting) {
      if (number > Number(text)) return;
      this.#waiting.delete(number);
      if (number === Number(text)) this.#deliver({ ...message, uid: undefined }, id);
      else reject(new Error("no longer in the stream"));
    }
  }

  #giveUp() {
    const given = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of given) reject(new Error("the stream is not being read"));
  }

  #deliver(message, id) {
    const { onMessage } = this.#original;
    if (id === undefined || message.type !== BROADCAST) return onMessage.call(this.#adapter, message, id);
    if (isAfter(id, this.#furthest)) this.#ahead.clear();
    this.#reading = id;
    try {
      onMessage.call(this.#adapter, message, id);
    } finally {
      this.#reading = undefined;
    }
    for (const { entries } of this.#restorations) entries.push({ id, ...message.data });
  }

  #leavingOutGiven(callback) {
    if (this.#reading === undefined || this.#ahead.size === 0) return callback;
    return (socket) => {
      const upTo = this.#ahead.get(socket.id);
      if (upTo === undefined || isAfter(this.#reading, upTo)) callback(socket);
    };
  }

  async #restore(pid, offset) {
    this.#forgetOld();
    const restoration = { since: Date.now(), missed: [], entries: [], upTo: offset };
    this.#restorations.add(restoration);
    try {
      const session = await this.#original.restoreSession.call(this.#adapter, pid, offset);
      const { missedPackets: missed, ...stored } = session;
      makeWay(this.#adapter.nsp, session.sid);
      // The adapter took it out of Redis. If the answer never reaches the client, because its next request is routed to
      // another process, that one would find nothing.
      this.#adapter.persistSession(stored);
      const last = missed[missed.length - 1];
      if (last) restoration.upTo = last[last.length - 1];
      restoration.missed = missed;
      this.#restored.set(session.sid, restoration);
      return { ...stored, missedPackets: [] };
    } catch (error) {
      this.#restorations.delete(restoration);
      throw error;
    }
  }

  /** To be called right after a socket's client was told that it is connected. */
  connected(socket) {
    const restoration = this.#restored.get(socket.id);
    if (!restoration) return;
    this.#restored.delete(socket.id);
    this.#restorations.delete(restoration);
    const { missed, entries, upTo } = restoration;
    for (const data of missed) socket.packet({ type: EVENT, data });
    for (const { id, packet, opts } of entries) {
      if (isAfter(id, upTo) && isFor(socket.rooms, opts)) socket.packet({ type: EVENT, data: packet.data });
    }
    this.#ahead.set(socket.id, upTo);
    if (isAfter(upTo, this.#furthest)) this.#furthest = upTo;
  }

  // A middleware may refuse the socket, or never answer.
  #forgetOld() {
    const oldest = Date.now() - LONGEST_RESTORATION_MS;
    for (const [sid, restoration] of this.#restored) {
      if (restoration.since > oldest) return;
      this.#restored.delete(sid);
      this.#restorations.delete(restoration);
    }
  }
}

/** Whether one id of a stream ("milliseconds-sequence") comes after another. */
function isAfter(id, other) {
  const [milliseconds, sequence] = id.split("-").map(Number);
  const [otherMilliseconds, otherSequence] = other.split("-").map(Number);
  return milliseconds > otherMilliseconds || (milliseconds === otherMilliseconds && sequence > otherSequence);
}

function isFor(rooms, { rooms: wanted, except }) {
  return (wanted.length === 0 || wanted.some((room) => rooms.has(room))) && !except.some((room) => rooms.has(room));
}

module.exports = { StreamOrder };
