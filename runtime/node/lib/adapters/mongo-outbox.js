"use strict";

const { randomBytes } = require("crypto");
const { setTimeout: delay } = require("timers/promises");

const KEPT_DOCUMENTS = 10_000;
const KEPT_BYTES = 16 * 1024 * 1024;
const BATCH_DOCUMENTS = 100;
const BATCH_BYTES = 8 * 1024 * 1024;
const RETRY_MS = 250;
const DUPLICATE_KEY = 11000;
// of a server that stops or is not the primary (any more)
const PASSING = new Set([91, 189, 10107, 11600, 11602, 13435, 13436]);

/**
 * Stores the documents of one process in their order, and keeps them while the database is away. The adapter alone
 * stores several at a time, so that events overtake each other, and drops what cannot be stored.
 */
class MongoOutbox {
  #database;
  #name;
  /** @type {{document: object, bytes: number, settle: (stored: boolean) => void}[]} */
  #queue = [];
  #keptBytes = 0;
  #running = false;
  #closed = false;
  #up = false;
  // from an outage until everything kept has been stored
  #behind = true;
  #idle = Promise.resolve();

  /** @param {import("mongodb").Db} database @param {string} name  of the collection */
  constructor(database, name) {
    this.#database = database;
    this.#name = name;
    this.nextId = idsInOrder();
    /** documents dropped: the database was away for long, or refused them */
    this.dropped = 0;
  }

  /**
   * @param {object} document  gets its `_id`
   * @returns {Promise<boolean>} true once it is stored; false if that will be later or never, as the database is away:
   *   the clients of this process do not wait for an outage to be over
   */
  put(document) {
    document._id = this.nextId();
    const kept = this.#behind ? snapshot(document) : withOwnPacket(document);
    const bytes = require("mongodb").BSON.calculateObjectSize(kept);
    if (this.#queue.length >= KEPT_DOCUMENTS || this.#keptBytes + bytes > KEPT_BYTES) {
      this.dropped += 1;
      return Promise.resolve(false);
    }
    return new Promise((settle) => {
      this.#queue.push({ document: kept, bytes, settle });
      this.#keptBytes += bytes;
      if (this.#behind) settle(false);
      if (!this.#running) this.#idle = this.#run();
    });
  }

  async #run() {
    this.#running = true;
    while (this.#queue.length > 0 && !this.#closed) {
      const settled = this.#up ? await this.#store(this.#batch()) : 0;
      for (const { bytes, settle } of this.#queue.splice(0, settled)) {
        this.#keptBytes -= bytes;
        settle(true);
      }
      if (settled === 0) await delay(RETRY_MS, undefined, { ref: false });
    }
    this.#running = false;
    this.#behind = !this.#up;
  }

  #batch() {
    let bytes = 0;
    const full = this.#queue.findIndex((kept, index) => index === BATCH_DOCUMENTS || (bytes += kept.bytes) > BATCH_BYTES);
    return this.#queue.slice(0, full < 0 ? undefined : Math.max(full, 1)).map(({ document }) => document);
  }

  /** @returns {Promise<number>} how many of the first are done with: stored or refused */
  async #store(documents) {
    try {
      const { writeErrors } = await this.#database.command({ insert: this.#name, documents, ordered: true });
      if (!writeErrors) return documents.length;
      // an earlier attempt of ours, whose answer was lost, may have stored it
      if (writeErrors[0].code !== DUPLICATE_KEY) this.dropped += 1;
      return writeErrors[0].index + 1;
    } catch (error) {
      if (isPassing(error)) return 0;
      if (documents.length > 1) return this.#store(documents.slice(0, 1));
      this.dropped += 1;
      return 1;
    }
  }

  /** Told by who watches: whether the database answers. */
  set up(up) {
    if (up === this.#up) return;
    this.#up = up;
    this.#behind = !up || this.#running;
    if (!up) for (const { settle } of this.#queue) settle(false);
  }

  /** @returns {Promise<void>} when everything has been stored */
  flush() {
    return this.#idle;
  }

  close() {
    this.#closed = true;
  }
}

// A restored session gets what has a higher id than the last event it saw. ObjectId's own ids are in the order of their
// seconds only, and within a second in the order of the processes; these are in the order of milliseconds.
function idsInOrder() {
  const { ObjectId } = require("mongodb");
  const unique = randomBytes(3);
  let counter = randomBytes(3).readUIntBE(0, 3);
  return () => {
    const now = Date.now();
    const bytes = Buffer.alloc(12);
    bytes.writeUInt32BE(Math.floor(now / 1000), 0);
    bytes.writeUInt16BE(now % 1000, 4);
    counter = (counter + 1) % 0x1000000;
    bytes.writeUIntBE(counter, 6, 3);
    unique.copy(bytes, 9);
    return new ObjectId(bytes);
  };
}

// The adapter adds the offset to the arguments once it has an id.
function withOwnPacket(document) {
  const { data } = document;
  if (!data || !data.packet || !Array.isArray(data.packet.data)) return document;
  return { ...document, data: { ...data, packet: { ...data.packet, data: [...data.packet.data] } } };
}

// The app may change its objects before they can be stored.
function snapshot(document) {
  const { BSON } = require("mongodb");
  return BSON.deserialize(BSON.serialize(document, { ignoreUndefined: false }));
}

// Trouble on the way, or a server that stops: not an answer to the documents.
function isPassing(error) {
  const { MongoError, MongoServerError, MongoAPIError } = require("mongodb");
  if (error instanceof MongoServerError) return PASSING.has(error.code);
  return error instanceof MongoError && !(error instanceof MongoAPIError);
}

module.exports = { MongoOutbox };
