"use strict";

const { log } = require("../log.js");
const { inTime } = require("../in-time.js");

const CHECK_MS = 3000;
const ANSWER_MS = 1500;
const KEPT_SECONDS = 3600;

/** MongoDB change streams; needs a replica set. The URL names the database; the collection is made if it is absent. */
module.exports = {
  recovery: true,
  open({ url, prefix }) {
    const { MongoClient } = require("mongodb");
    const { createAdapter } = require("@socket.io/mongo-adapter");
    const client = new MongoClient(url, { serverSelectionTimeoutMS: 5000 });
    const watch = new Watch(client, `${prefix}-adapter-events`);
    const adapter = createAdapter(watch.collection, { addCreatedAtField: true });
    return { adapter, state: () => watch.state(), flush: async () => {}, close: () => watch.close() };
  },
};

/** Follows whether the database answers. */
class Watch {
  constructor(client, name) {
    this.client = client;
    this.reachable = undefined;
    this.collection = client.db().collection(name);
    this.#deliverLocally();
    this.timer = setInterval(() => this.#check(), CHECK_MS).unref();
    this.#check();
  }

  // The adapter delivers to the clients of its own process once the document is stored, and drops the event if that
  // fails. Here a document that cannot be stored counts as stored, so that these clients get it; the others do not.
  #deliverLocally() {
    const { ObjectId } = require("mongodb");
    const { collection } = this;
    const insertOne = collection.insertOne;
    collection.insertOne = (document, ...rest) => {
      const insertedId = (document._id = new ObjectId());
      const stored = insertOne.call(collection, document, ...rest).catch(() => ({ insertedId }));
      return this.reachable ? stored : Promise.resolve({ insertedId });
    };
  }

  async #check() {
    const reachable = await inTime(this.client.db().command({ ping: 1 }), ANSWER_MS);
    if (this.closed || reachable === this.reachable) return;
    this.reachable = reachable;
    log(reachable ? "broker mongo: connected" : "broker mongo: away, trying again");
    if (!reachable) return;
    this.collection.createIndex({ createdAt: 1 }, { expireAfterSeconds: KEPT_SECONDS }).catch((error) => log(`broker mongo: index: ${error.message}`));
  }

  state() {
    return { reachable: this.reachable === true, subscribed: this.reachable === true };
  }

  close() {
    this.closed = true;
    clearInterval(this.timer);
    this.client.close().catch(() => {});
  }
}
