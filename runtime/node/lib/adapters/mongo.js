"use strict";

const { EventEmitter } = require("events");
const { log } = require("../log.js");
const { loginWait } = require("./login-wait.js");
const { inTime } = require("../in-time.js");
const { MongoWrites } = require("./mongo-writes.js");
const { mongoCollection } = require("./names.js");

const TICK_MS = 500;
const FLUSH_MS = 1000;
const KEPT_SECONDS = 3600;
// a member tells that it is there every two seconds, and a stream that stands has a new token each second
const SILENT_MS = 4000;
// the oplog does not reach back to it, or it is not understood
const TOKEN_USELESS = new Set([260, 280, 286]);
const AUTHENTICATION_FAILED = 18;
const WRITABLE = new Set(["RSPrimary", "Mongos", "LoadBalancer"]);
const OVER_TLS = /^mongodb\+srv:|[?&](tls|ssl)=true/;
const CONNECTION = { heartbeatFrequencyMS: 2000, connectTimeoutMS: 5000 };
// the driver waits for an election as long as it does by itself, 30 seconds
const WRITING = { ...CONNECTION, socketTimeoutMS: 10_000 };
// A stream whose member is gone is resumed once the driver gives up to end its cursor there, which takes the time that it
// has to find a server.
const READING = { ...CONNECTION, socketTimeoutMS: SILENT_MS, serverSelectionTimeoutMS: 2000 };
const nothing = () => {};

/**
 * MongoDB change streams; needs a replica set. The URL names the database; the collection is made if it is absent.
 * Sessions are not recovered: the package looks up what was missed by ids that are not in the order of delivery.
 */
module.exports = {
  recovery: false,
  open({ url, caFile, prefix }) {
    const { MongoClient } = require("mongodb");
    const { createAdapter } = require("@socket.io/mongo-adapter");
    const name = mongoCollection(prefix);
    // two clients: what waits for its turn to be stored after an outage does not hold up the stream
    const trust = caFile && OVER_TLS.test(url) ? { tlsCAFile: caFile } : {};
    const [writer, reader] = [WRITING, READING].map((options) => new MongoClient(url, { ...options, ...trust }));
    const collection = writer.db().collection(name);
    const writes = new MongoWrites(collection);
    const watch = new Watch(reader, (reachable) => {
      writes.up = reachable;
      if (!reachable) return;
      const expiring = collection.createIndex({ createdAt: 1 }, { expireAfterSeconds: KEPT_SECONDS });
      expiring.catch((error) => log(`broker mongo: index: ${error.message}`));
    });
    collection.watch = watch.streamOf(reader.db().collection(name));
    return {
      adapter: createAdapter(collection, { addCreatedAtField: true }),
      state: () => watch.state(),
      flush: () => inTime(writes.flush(), FLUSH_MS),
      close() {
        watch.close();
        writes.close();
        for (const client of [writer, reader]) client.close().catch(nothing);
      },
      dropped: () => writes.dropped,
    };
  },
};

/** Stands for a change stream while the database refuses the login: the adapter opens another when it is closed. */
class NoStream extends EventEmitter {
  closed = false;
  resumeToken = undefined;

  async close() {
    if (this.closed) return;
    this.closed = true;
    this.emit("close");
  }
}

/** Follows whether the database answers and whether the change stream stands. */
class Watch {
  #client;
  #changed;
  #loggingIn = false;
  /** how many logins in a row were refused, and when the next one is due */
  #refused = 0;
  #loginAt = 0;
  #reachable;
  #reachableSince = 0;
  /** addresses of the members that take writes */
  #primaries = new Set();
  #signAt = Date.now();
  #stream;
  #token;
  #tokenAt = 0;

  /** @param {import("mongodb").MongoClient} client  @param {(reachable: boolean) => void} changed */
  constructor(client, changed) {
    this.#client = client;
    this.#changed = changed;
    client.on("topologyDescriptionChanged", ({ newDescription }) => this.#topology(newDescription));
    client.on("serverHeartbeatSucceeded", ({ connectionId }) => this.#primaries.has(connectionId) && this.#sign());
    this.#logIn();
    this.timer = setInterval(() => this.#listen(), TICK_MS).unref();
  }

  /** @returns {Function} `watch` of a collection, for the adapter */
  streamOf(collection) {
    return (pipeline, options) => {
      this.#endStream();
      if (this.#refused > 0) return (this.#stream = new NoStream());
      // the adapter has a place to go on from once an event came, and drops it when a server shuts down
      const resumeAfter = options.resumeAfter || this.#token;
      const stream = collection.watch(pipeline, { ...options, ...(resumeAfter && { resumeAfter }) });
      stream.on("resumeTokenChanged", (token) => {
        this.#token = token;
        this.#tokenAt = Date.now();
        if (this.#primaries.size > 0) this.#sign();
      });
      stream.on("error", ({ code }) => TOKEN_USELESS.has(code) && (this.#token = undefined));
      stream.on("close", () => (this.#tokenAt = 0));
      return (this.#stream = stream);
    };
  }

  // The driver may still be resuming the stream when the adapter, which takes it for closed, opens another: with both,
  // every event would come twice.
  #endStream() {
    if (!this.#stream) return;
    this.#stream.removeAllListeners();
    this.#stream.on("error", nothing);
    this.#stream.close().catch(nothing);
  }

  // Losing the primary is known at once; a server that hangs only by its silence.
  #topology({ servers }) {
    this.#primaries = new Set([...servers.values()].filter(({ type }) => WRITABLE.has(type)).map(({ address }) => address));
    if (this.#primaries.size > 0) this.#sign();
    else if (this.#reachable) this.#answered(false);
  }

  // Heartbeats need no login, so the database's sign says nothing of user and password.
  #sign() {
    this.#signAt = Date.now();
    if (!this.#reachable) this.#logIn();
  }

  #listen() {
    if (Date.now() - this.#signAt > SILENT_MS) this.#answered(false);
    if (!this.#reachable) this.#logIn();
  }

  async #logIn() {
    if (this.closed || this.#loggingIn || Date.now() < this.#loginAt) return;
    this.#loggingIn = true;
    try {
      await this.#client.db().command({ ping: 1 });
      this.#accepted();
    } catch (error) {
      if (error.code === AUTHENTICATION_FAILED) this.#isRefused(error);
    } finally {
      this.#loggingIn = false;
    }
  }

  #accepted() {
    const refused = this.#refused > 0;
    this.#refused = 0;
    this.#signAt = Date.now();
    this.#answered(true);
    if (refused && this.#stream instanceof NoStream) this.#stream.close();
  }

  #isRefused(error) {
    if (this.#refused === 0 && !this.closed) log(`broker mongo: refuses the login (${error.message})`);
    this.#refused += 1;
    this.#loginAt = Date.now() + loginWait(this.#refused);
    this.#answered(false);
  }

  #answered(reachable) {
    if (this.closed || reachable === this.#reachable) return;
    this.#reachable = reachable;
    this.#reachableSince = Date.now();
    if (this.#refused === 0) log(reachable ? "broker mongo: connected" : "broker mongo: away, trying again");
    this.#changed(reachable);
  }

  /** subscribed: the stream gave a sign since the database answers, and lately. */
  state() {
    const reachable = this.#reachable === true;
    const fresh = Date.now() - this.#tokenAt < SILENT_MS && this.#tokenAt >= this.#reachableSince;
    return { reachable, subscribed: reachable && fresh, ...(this.#refused > 0 && { refused: true }) };
  }

  close() {
    this.closed = true;
    clearInterval(this.timer);
  }
}
