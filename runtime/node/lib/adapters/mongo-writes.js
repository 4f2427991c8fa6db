"use strict";

const KEPT_DOCUMENTS = 10_000;
const KEPT_BYTES = 16 * 1024 * 1024;
// as many as the driver has connections: what it has to queue without a primary it goes through for each further one
const AT_ONCE = 100;

/**
 * How the adapter stores its documents while the database is away. It delivers a broadcast to the clients of its own
 * process when the document is stored, to nobody when that fails, and leaves some failures unhandled, which ends the
 * process. Here nothing fails: during an outage those clients get it at once, and it is stored afterwards.
 */
class MongoWrites {
  #insert;
  #underWay = new Set();
  /** @type {Buffer[]} documents that wait for the database */
  #kept = [];
  #keptBytes = 0;
  #waiting = new Set();
  #up = false;
  #closed = false;

  /** @param {import("mongodb").Collection} collection  its `insertOne` is replaced */
  constructor(collection) {
    this.#insert = collection.insertOne.bind(collection);
    collection.insertOne = (document) => this.#store(document);
    /** documents that were not stored: the database was away for long, or refused them */
    this.dropped = 0;
  }

  async #store(document) {
    const { ObjectId } = require("mongodb");
    document._id = new ObjectId();
    if (this.#free() && this.#kept.length === 0) await this.#settledOrAway(this.#send(withOwnPacket(document)));
    else this.#keep(document);
    return { insertedId: document._id };
  }

  #free() {
    return this.#up && this.#underWay.size < AT_ONCE;
  }

  /** @returns {Promise<void>} when it has been stored, or was not; never rejects */
  #send(document) {
    const settled = this.#insert(document).catch(() => this.#drop()).then(() => {
      this.#underWay.delete(settled);
      this.#sendKept();
    });
    this.#underWay.add(settled);
    return settled;
  }

  #settledOrAway(settled) {
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
      settled.then(() => {
        this.#waiting.delete(resolve);
        resolve();
      });
    });
  }

  #keep(document) {
    const snapshot = snapshotOf(document);
    const fits = snapshot && this.#kept.length < KEPT_DOCUMENTS && this.#keptBytes + snapshot.length <= KEPT_BYTES;
    if (!fits) return this.#drop();
    this.#keptBytes += snapshot.length;
    return this.#kept.push(snapshot);
  }

  #sendKept() {
    const { BSON } = require("mongodb");
    while (this.#free() && this.#kept.length > 0) {
      const snapshot = this.#kept.shift();
      this.#keptBytes -= snapshot.length;
      this.#send(BSON.deserialize(snapshot));
    }
  }

  #drop() {
    if (!this.#closed) this.dropped += 1;
  }

  #release() {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Told by who watches: whether the database answers. */
  set up(up) {
    this.#up = up;
    if (up) this.#sendKept();
    else this.#release();
  }

  /** @returns {Promise<unknown>} when everything that is under way has been stored, or was not */
  flush() {
    return Promise.all(this.#underWay);
  }

  close() {
    this.#closed = true;
  }
}

// The adapter adds the offset to the arguments once it has an id, and early parsers replace what is binary in them.
function withOwnPacket(document) {
  const { data } = document;
  if (!data || !data.packet || !Array.isArray(data.packet.data)) return document;
  return { ...document, data: { ...data, packet: { ...data.packet, data: [...data.packet.data] } } };
}

// The app may change its objects before they can be stored. What is too large to be stored has none.
function snapshotOf(document) {
  const { BSON } = require("mongodb");
  try {
    return BSON.serialize(document, { ignoreUndefined: false });
  } catch {
    return undefined;
  }
}

module.exports = { MongoWrites };
