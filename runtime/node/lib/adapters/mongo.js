"use strict";

const { log } = require("../log.js");
const { inTime } = require("../in-time.js");
const { MongoOrder } = require("./mongo-order.js");
const { MongoOutbox } = require("./mongo-outbox.js");

const CHECK_MS = 3000;
const ANSWER_MS = 1500;
const FLUSH_MS = 1000;
const STALLED_MS = 4000;
const KEPT_SECONDS = 3600;
// the oplog does not reach back to it, or it is not understood
const TOKEN_USELESS = new Set([260, 280, 286]);
const nothing = () => {};
const WRITABLE = new Set(["RSPrimary", "Mongos", "LoadBalancer"]);

/** MongoDB change streams; needs a replica set. The URL names the database; the collection is made if it is absent. */
module.exports = {
  recovery: true,
  open({ url, prefix }) {
    const { MongoClient } = require("mongodb");
    const { createAdapter } = require("@socket.io/mongo-adapter");
    const client = new MongoClient(url, { serverSelectionTimeoutMS: 5000 });
    const watch = new Watch(client, `${prefix}-adapter-events`);
    const create = createAdapter(watch.collection, { addCreatedAtField: true });
    return {
      adapter(namespace) {
        // before 4.6 there is no recovery, nor these options while the Server is made
        const recovery = namespace.server.opts && namespace.server.opts.connectionStateRecovery;
        return recovery ? watch.readOwnEvents().adopt(create(namespace)) : create(namespace);
      },
      connected: (socket) => watch.order && watch.order.connected(socket),
      forget: (socket) => watch.order && watch.order.forget(socket),
      state: () => watch.state(),
      flush: () => watch.flush(),
      close: () => watch.close(),
      dropped: () => watch.outbox.dropped,
    };
  },
};

/** Follows whether the database answers and whether the change stream stands. */
class Watch {
  #stream;
  #streaming = false;
  #tokenAt = 0;
  #resumeToken;
  #writable = false;

  constructor(client, name) {
    this.client = client;
    this.reachable = undefined;
    this.collection = client.db().collection(name);
    this.outbox = new MongoOutbox(client.db(), name);
    /** only where sessions are recovered */
    this.order = undefined;
    this.collection.insertOne = (document) => this.#publish(document);
    this.#followStream();
    client.on("topologyDescriptionChanged", ({ newDescription }) => this.#topology(newDescription));
    this.timer = setInterval(() => this.#check(), CHECK_MS).unref();
    this.#check();
  }

  /** @returns {MongoOrder} to be called before the adapter opens its stream */
  readOwnEvents() {
    if (!this.order) this.order = new MongoOrder(this.collection, this.outbox.nextId);
    return this.order;
  }

  // The adapter delivers to the clients of its own process when this is fulfilled.
  async #publish(document) {
    const stored = this.outbox.put(document);
    await (this.order && this.state().subscribed ? this.order.published(document, stored) : stored);
    return { insertedId: document._id };
  }

  // The adapter remembers where it was once an event came; a stream that broke before is resumed from here.
  #followStream() {
    const { collection } = this;
    const open = collection.watch;
    collection.watch = (pipeline, options) => {
      this.#endStream();
      const resumeAfter = options.resumeAfter || this.#resumeToken;
      // the adapter's pipeline leaves out its own events
      const stream = open.call(collection, this.order ? [] : pipeline, { ...options, promoteBuffers: true, ...(resumeAfter && { resumeAfter }) });
      stream.on("resumeTokenChanged", (token) => {
        this.#resumeToken = token;
        this.#tokenAt = Date.now();
        this.#streams(true);
      });
      stream.on("error", ({ code }) => TOKEN_USELESS.has(code) && (this.#resumeToken = undefined));
      stream.on("close", () => this.#streams(false));
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

  #streams(streaming) {
    this.#streaming = streaming;
    if (!this.order) return;
    if (streaming) this.order.started();
    else this.order.giveUp();
  }

  // Losing the primary is known at once; a server that hangs only by its silence.
  #topology({ servers }) {
    const writable = [...servers.values()].some(({ type }) => WRITABLE.has(type));
    if (writable === this.#writable) return;
    this.#writable = writable;
    if (writable) this.#check();
    else this.#answered(false);
  }

  async #check() {
    this.#answered((await inTime(this.client.db().command({ ping: 1 }), ANSWER_MS)) && this.#writable);
    if (this.reachable && Date.now() - this.#tokenAt > STALLED_MS) this.#reopenStream();
  }

  // A stream that stands has a new token each second. After an outage the driver may wait long for a cursor that is gone.
  #reopenStream() {
    if (!this.#stream || this.#stream.closed) return;
    this.#stream.close().catch(nothing);
    this.#stream.emit("close");
  }

  #answered(reachable) {
    if (this.closed || reachable === this.reachable) return;
    this.reachable = reachable;
    this.outbox.up = reachable;
    if (!reachable) this.#streams(false);
    log(reachable ? "broker mongo: connected" : "broker mongo: away, trying again");
    if (!reachable) return;
    this.collection.createIndex({ createdAt: 1 }, { expireAfterSeconds: KEPT_SECONDS }).catch((error) => log(`broker mongo: index: ${error.message}`));
  }

  state() {
    return { reachable: this.reachable === true, subscribed: this.reachable === true && this.#streaming };
  }

  flush() {
    return inTime(this.outbox.flush(), FLUSH_MS);
  }

  close() {
    this.closed = true;
    clearInterval(this.timer);
    this.outbox.close();
    this.client.close().catch(nothing);
  }
}
