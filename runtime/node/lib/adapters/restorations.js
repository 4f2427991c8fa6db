"use strict";

const { isAfter } = require("./stream-ids.js");

const EVENT = 2; // PacketType of socket.io-parser
const LONGEST_MS = 30_000;
const MOST_BYTES = 16 * 1024 * 1024;
const SWEEP_MS = 1000;

/**
 * Sessions that are being restored: from the moment that the stream is read for one until its client is told that it is
 * connected. What is delivered meanwhile is kept, once for all of them, as it may be for a socket that is not there yet.
 *
 * A middleware may refuse the socket, or never answer: what is kept is bounded in time and bytes. A client that is
 * connected after all when its restoration was given up is sent away to restore its session again.
 */
class Restorations {
  constructor() {
    /** being read or waiting for their sockets, oldest first: {since, bytes, missed, from, upTo} */
    this.open = new Set();
    /** session id -> its restoration, once the session is there */
    this.waiting = new Map();
    /** entries of the stream that were delivered since the oldest restoration began: {id, rooms, except, data, bytes} */
    this.entries = [];
    /** how many entries are gone from the beginning of `entries` */
    this.dropped = 0;
    this.bytes = 0;
  }

  /** @returns {object} a restoration that begins now */
  begin() {
    const restoration = { since: Date.now(), bytes: 0, missed: [], from: this.dropped + this.entries.length, upTo: undefined };
    this.open.add(restoration);
    this.timer = this.timer || setInterval(() => this.#sweep(), SWEEP_MS).unref();
    return restoration;
  }

  /**
   * What was missed is read; the socket is made next.
   * @param {object} restoration
   * @param {{sid: string, missed: unknown[][], bytes: number, upTo: string, early: object[]}} read  upTo: id of the last entry
   *   that was read; early: what the client was given before it was read
   */
  read(restoration, { sid, missed, bytes, upTo, early }) {
    Object.assign(restoration, { missed, bytes, upTo, early });
    this.bytes += bytes;
    this.waiting.set(sid, restoration);
    this.#bound();
  }

  /** Nothing comes of it. */
  end(restoration) {
    if (!this.open.delete(restoration)) return;
    this.bytes -= restoration.bytes;
    if (this.open.size === 0) this.#clear();
  }

  /** An entry of the stream was delivered to the sockets that are there. */
  delivered(id, { packet, opts }, bytes) {
    if (this.open.size === 0) return;
    this.entries.push({ id, opts, data: packet.data, bytes });
    this.bytes += bytes;
    this.#bound();
  }

  /**
   * Sends a socket, whose client was just told that it is connected, what it missed.
   * @returns {{upTo: string, early: object[]} | undefined} its restoration; undefined if that was given up
   */
  connected(socket) {
    const restoration = this.waiting.get(socket.id);
    this.waiting.delete(socket.id);
    if (!restoration || !this.open.has(restoration)) return undefined;
    const { missed, from, upTo } = restoration;
    for (const data of missed) socket.packet({ type: EVENT, data });
    for (const { id, opts, data } of this.entries.slice(from - this.dropped)) {
      if (isAfter(id, upTo) && isFor(socket.rooms, opts)) socket.packet({ type: EVENT, data });
    }
    this.end(restoration);
    return restoration;
  }

  #sweep() {
    const oldest = Date.now() - LONGEST_MS;
    for (const restoration of this.open) if (restoration.since < oldest) this.end(restoration);
    for (const [sid, { since }] of this.waiting) if (since < oldest) this.waiting.delete(sid);
    this.#trim();
  }

  #bound() {
    for (const restoration of this.open) {
      if (this.bytes <= MOST_BYTES) return;
      this.end(restoration);
      this.#trim();
    }
  }

  // What came before the oldest restoration is for nobody.
  #trim() {
    const [first] = this.open;
    const gone = first ? this.entries.splice(0, first.from - this.dropped) : [];
    this.dropped += gone.length;
    for (const { bytes } of gone) this.bytes -= bytes;
  }

  #clear() {
    this.dropped += this.entries.length;
    this.entries = [];
    this.bytes = 0;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

/** Whether a broadcast is for a socket in these rooms. */
function isFor(rooms, { rooms: wanted, except }) {
  return (wanted.length === 0 || wanted.some((room) => rooms.has(room))) && !except.some((room) => rooms.has(room));
}

module.exports = { Restorations, isFor };
