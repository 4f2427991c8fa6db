"use strict";

const { setTimeout: delay } = require("timers/promises");
const { makeWay } = require("./restored.js");

// EventType of the adapter, PacketType of socket.io-parser
const BROADCAST = 3;
const SESSION = 13;
const EVENT = 2;
// a uid that the adapter does not count as another process
const EMITTER = "emitter";
const REMEMBERED_EVENTS = 10_000;
const REMEMBERED_BYTES = 16 * 1024 * 1024;
const LAG_MS = 2000;
const LONGEST_RESTORATION_MS = 60_000;
const nothing = () => {};

/**
 * Lets the clients of all processes see the events in one order, the change stream's, so that a session can be recovered
 * from the last event that its client saw. The adapter alone delivers its own events at once and those of others when
 * they are read, looks up what was missed by ids, which are in no such order, and forgets what comes between that
 * look-up and the connection. Here a process delivers its own events when it reads them back, and remembers what it read.
 */
class MongoOrder {
  #collection;
  #nextId;
  /** own events that were not read back yet: id -> {document, resolve, reject} */
  #waiting = new Map();
  /** what was read, in order: {id, nsp, rooms, except, data, bytes}; the first one's position is #first */
  #read = [];
  #first = 0;
  #readBytes = 0;
  #positions = new Map();
  /** session id -> {at, missed, position}: what it missed up to there; not connected yet */
  #restored = new Map();
  /** every event with a lower id was published before this process read the stream */
  #startId;

  /**
   * @param {import("mongodb").Collection} collection
   * @param {() => import("mongodb").ObjectId} nextId
   */
  constructor(collection, nextId) {
    this.#collection = collection;
    this.#nextId = nextId;
  }

  /** The stream stands. */
  started() {
    if (!this.#startId) this.#startId = this.#nextId();
  }

  /**
   * @param {object} document
   * @param {Promise<boolean>} stored  false: it will be later, if at all
   * @returns {Promise<void>} fulfilled if the adapter is to deliver to the clients of this process, rejected if it was done here
   */
  published(document, stored) {
    if (!isRecoverable(document)) return stored;
    return new Promise((resolve, reject) => {
      const id = String(document._id);
      this.#waiting.set(id, { document, resolve, reject });
      stored.then((now) => {
        if (!now && this.#waiting.delete(id)) resolve();
      });
    });
  }

  /** The stream is not being read: what waits for it is delivered at once. */
  giveUp() {
    for (const { resolve } of this.#waiting.values()) resolve();
    this.#waiting.clear();
  }

  /** @param {object} adapter  a MongoAdapter; it is changed */
  adopt(adapter) {
    const { onEvent } = adapter;
    adapter.onEvent = (event) => {
      const { fullDocument: document } = event;
      if (isRecoverable(document)) this.#remember(document);
      if (document.uid !== adapter.uid) return onEvent.call(adapter, event);
      return this.#readBack(String(document._id), (own) => onEvent.call(adapter, { fullDocument: { ...own, uid: EMITTER } }));
    };
    adapter.restoreSession = (pid, offset) => this.#restore(adapter, pid, offset);
    return adapter;
  }

  #readBack(id, deliver) {
    const own = this.#waiting.get(id);
    if (!own) return;
    this.#waiting.delete(id);
    deliver(own.document);
    own.reject(new Error("delivered in the order of the stream"));
  }

  #remember({ _id, nsp, data }) {
    const id = String(_id);
    const bytes = require("mongodb").BSON.calculateObjectSize(data);
    this.#positions.set(id, this.#first + this.#read.length);
    this.#read.push({ id, nsp, rooms: data.opts.rooms, except: data.opts.except, data: [...data.packet.data, id], bytes });
    this.#readBytes += bytes;
    while (this.#read.length > REMEMBERED_EVENTS || this.#readBytes > REMEMBERED_BYTES) {
      const oldest = this.#read.shift();
      this.#first += 1;
      this.#readBytes -= oldest.bytes;
      this.#positions.delete(oldest.id);
    }
  }

  async #restore(adapter, pid, offset) {
    const { ObjectId } = require("mongodb");
    if (!ObjectId.isValid(offset)) throw new Error("not an offset");
    const earlier = this.#startId && offset < String(this.#startId);
    const before = earlier && !this.#positions.has(offset) ? await this.#stored(adapter.nsp.name, offset) : [];
    if (!earlier) await this.#caughtUp(offset);
    const found = await this.#session(adapter, pid);
    if (!found) throw new Error("session not found");
    const session = found.data;
    const rooms = new Set(session.rooms);
    const position = this.#positions.has(offset) ? this.#positions.get(offset) + 1 : this.#first;
    const missed = [...before, ...this.#since(position)].filter((event) => isFor(event, adapter.nsp.name, rooms));
    makeWay(adapter.nsp, session.sid);
    this.#noteRestored(session.sid, missed);
    return { ...session, missedPackets: [] };
  }

  // The adapter takes it out. If the answer never reaches the client, because its next request is routed to another
  // process, that one would find nothing.
  #session({ nsp }, pid) {
    const oldest = new Date(Date.now() - nsp.server.opts.connectionStateRecovery.maxDisconnectionDuration);
    const query = { type: SESSION, nsp: nsp.name, "data.pid": pid, createdAt: { $gt: oldest } };
    return this.#collection.findOne(query, { sort: { _id: -1 } });
  }

  /** A recovered socket was disconnected for good. */
  forget({ nsp, pid }) {
    this.#collection.deleteMany({ type: SESSION, nsp: nsp.name, "data.pid": pid }).catch(nothing);
  }

  // What was published before this process read the stream is in the order of the ids.
  async #stored(nsp, offset) {
    const { ObjectId } = require("mongodb");
    if (this.#first > 0) throw new Error("more happened than is remembered");
    const range = { $gte: new ObjectId(offset), $lt: this.#startId };
    const query = { type: BROADCAST, nsp, _id: range };
    const documents = await this.#collection.find(query, { sort: { _id: 1 }, limit: REMEMBERED_EVENTS, promoteBuffers: true }).toArray();
    if (documents.length === 0 || String(documents[0]._id) !== offset) throw new Error("offset not found");
    const missed = documents.slice(1).filter((document) => isRecoverable(document) && !this.#positions.has(String(document._id)));
    return missed.map(({ _id, data }) => ({ nsp, rooms: data.opts.rooms, except: data.opts.except, data: [...data.packet.data, String(_id)] }));
  }

  // The process that the client comes from may have read further.
  async #caughtUp(offset) {
    const end = Date.now() + LAG_MS;
    while (!this.#positions.has(offset)) {
      if (Date.now() > end) throw new Error("offset not found");
      await delay(20, undefined, { ref: false });
    }
  }

  #since(position) {
    return this.#read.slice(Math.max(0, position - this.#first));
  }

  // A middleware may refuse the socket, or never answer.
  #noteRestored(sid, missed) {
    const oldest = Date.now() - LONGEST_RESTORATION_MS;
    for (const [earlier, { at }] of this.#restored) {
      if (at > oldest) break;
      this.#restored.delete(earlier);
    }
    this.#restored.set(sid, { at: Date.now(), missed, position: this.#first + this.#read.length });
  }

  /**
   * To be called right after a socket's client was told that it is connected: sends what it missed. Before, a client that
   * loses the connection in between would keep it, and get it again by its next restoration.
   */
  connected(socket) {
    const restored = this.#restored.get(socket.id);
    if (!restored) return;
    this.#restored.delete(socket.id);
    const meanwhile = this.#since(restored.position).filter((event) => isFor(event, socket.nsp.name, socket.rooms));
    for (const { data } of [...restored.missed, ...meanwhile]) socket.packet({ type: EVENT, data });
  }
}

// As the adapter decides which events carry an offset.
function isRecoverable({ type, data }) {
  if (type !== BROADCAST || data.requestId !== undefined) return false;
  const { packet, opts } = data;
  const { volatile } = opts.flags || {};
  return packet.type === EVENT && packet.id === undefined && (volatile === undefined || volatile === null);
}

function isFor({ nsp, rooms, except }, name, joined) {
  return nsp === name && (rooms.length === 0 || rooms.some((room) => joined.has(room))) && !except.some((room) => joined.has(room));
}

module.exports = { MongoOrder };
