"use strict";

const { closeAtOnce } = require("../servers/close-at-once.js");
const { makeWay } = require("./restored.js");
const { isFor } = require("./restorations.js");
const { SessionMirror } = require("./session-mirror.js");
const { after, isAfter } = require("./stream-ids.js");

const OFFSET = /^\d{1,15}-\d{1,15}$/;
const BROADCAST = "3"; // MessageType of socket.io-adapter
const PAGE = 500;
const BROKER_MS = 3000;
const EARLY_RANGES = 16;

/**
 * Restores the sessions of one namespace from the broker, in place of the Streams adapter's own way, which stores a session
 * only when its process notices that the client is gone, takes it out of Redis to restore it, and sends what was missed before
 * the client is told that it is connected: a client that loses the connection in between gets it again by its next
 * restoration.
 */
class StreamRecovery {
  /**
   * @param {object} about
   * @param {object} about.adapter  a RedisStreamsAdapter; it is changed
   * @param {string} about.stream
   * @param {import("./redis-broker.js").RedisBroker} about.broker
   * @param {import("./session-store.js").SessionStore} about.store
   * @param {import("./stream-order.js").StreamOrder} about.order
   * @param {import("./restorations.js").Restorations} about.restorations
   * @param {boolean} about.live    whether sessions are stored while they live
   */
  constructor({ adapter, stream, broker, store, order, restorations, live }) {
    Object.assign(this, { adapter, stream, broker, store, order, restorations });
    this.keptMs = adapter.nsp.server.opts.connectionStateRecovery.maxDisconnectionDuration;
    /** sockets -> what they were given early before they were restored here */
    this.earlier = new WeakMap();
    const reachable = () => broker.state().reachable;
    this.mirror = new SessionMirror({ store, keptMs: this.keptMs, live, reachable, more: (socket) => ({ early: this.#early(socket) }) });
    this.#follow();
  }

  #follow() {
    const { adapter, mirror, broker } = this;
    const { addAll, del, close } = adapter;
    const returned = () => mirror.changeAll();
    broker.onReturn.add(returned);
    Object.assign(adapter, {
      addAll: (id, rooms) => {
        const added = addAll.call(adapter, id, rooms);
        this.#changed(id);
        return added;
      },
      del: (id, room) => {
        const left = del.call(adapter, id, room);
        this.#changed(id);
        return left;
      },
      persistSession: (session) => mirror.keep(session),
      restoreSession: (pid, offset) => this.#restore(pid, offset),
      close: () => {
        broker.onReturn.delete(returned);
        mirror.close();
        return close.call(adapter);
      },
    });
  }

  #changed(id) {
    const socket = this.adapter.nsp.sockets.get(id);
    if (socket) this.mirror.change(socket);
  }

  /** To be called right after a socket's client was told that it is connected. */
  connected(socket) {
    if (socket.recovered) {
      const restoration = this.restorations.connected(socket);
      if (!restoration) return setImmediate(() => closeAtOnce(socket.conn));
      this.order.ahead(socket, restoration.upTo);
      this.earlier.set(socket, restoration.early);
    }
    return this.mirror.connected(socket);
  }

  /** @param {boolean} over  whether the session is over for good */
  disconnected(socket, over) {
    this.mirror.disconnected(socket, over);
  }

  #early(socket) {
    return [...(this.earlier.get(socket) || []), ...this.order.early(socket.handshake.issued)].slice(-EARLY_RANGES);
  }

  async #restore(pid, offset) {
    if (!OFFSET.test(offset)) throw new Error("not an offset");
    if (!(await this.broker.reachableWithin(BROKER_MS))) throw new Error("the broker is away");
    const restoration = this.restorations.begin();
    try {
      const session = await this.broker.unlessAway(this.store.claim(pid, this.keptMs));
      if (!session) throw new Error("no such session");
      const read = await this.broker.unlessAway(this.#missed(session, offset));
      makeWay(this.adapter.nsp, session.sid);
      const { sid, rooms, data, early } = session;
      this.restorations.read(restoration, { sid, early, ...read });
      return { sid, pid, rooms, data, missedPackets: [] };
    } catch (error) {
      this.restorations.end(restoration);
      throw error;
    }
  }

  /**
   * Reads the stream to its end.
   * @returns {Promise<{missed: unknown[][], bytes: number, upTo: string}>} missed: data of the event packets for the session
   */
  async #missed({ rooms, early }, offset) {
    const { main } = this.broker;
    const [first] = await main.xrange(this.stream, "-", "+", "COUNT", 1);
    if (!first || isAfter(first[0], offset)) throw new Error("what was missed is not in the stream any more");
    const found = { missed: [], bytes: 0, upTo: offset };
    const given = ({ uid, number }) => early.some(([of, from, to]) => of === uid && Number(number) >= from && Number(number) <= to);
    const inRooms = new Set(rooms);
    for (;;) {
      const entries = await main.xrange(this.stream, after(found.upTo), "+", "COUNT", PAGE);
      for (const [id, fields] of entries) {
        found.upTo = id;
        const raw = asObject(fields);
        if (raw.nsp !== this.adapter.nsp.name || raw.type !== BROADCAST || given(raw)) continue;
        const { packet, opts } = this.adapter.constructor.decode(raw).data;
        if (!isFor(inRooms, opts)) continue;
        packet.data.push(id);
        found.missed.push(packet.data);
        found.bytes += raw.data.length;
      }
      if (entries.length < PAGE) return found;
    }
  }
}

function asObject(fields) {
  const named = {};
  for (let i = 0; i < fields.length; i += 2) named[fields[i]] = fields[i + 1];
  return named;
}

module.exports = { StreamRecovery };
