"use strict";

const { setTimeout: delay } = require("timers/promises");
const { postgresChannel } = require("./names.js");

const KEPT_PUBLICATIONS = 10_000;
const KEPT_BYTES = 16 * 1024 * 1024;
const RETRY_MS = 100;
const RECONNECT_MS = 500;
// time for the other processes to listen again: nobody keeps a notification for them
const OTHERS_LISTEN_MS = 1000;
const NOTIFY = "SELECT pg_notify";
// SQLSTATE classes: connection exception, insufficient resources, operator intervention
const PASSING = /^(08|53|57)/;
const nothing = () => {};

/**
 * The pool of connections as the Postgres adapter sees it. The adapter alone publishes over several connections at once,
 * so that events overtake each other, and drops what it cannot publish; here publications leave in their order, and are
 * kept while the database is away. And it never returns a lost connection to the pool, which is empty after as many
 * losses as the pool is large; here a lost connection is returned.
 */
class PostgresPool {
  #pool;
  #last = Promise.resolve();
  #turn;
  #kept = 0;
  #keptBytes = 0;
  #waiting = new Set();
  #up = false;
  #upSince = Infinity;
  // from an outage until everything kept has left
  #behind = true;
  #closed = false;
  /** whether the database answers queries, and who waits for that */
  #answers = false;
  #connecting = new Set();
  /** connections that an adapter has: those that listen */
  #lent = new Set();
  /** of the notification that is being handled */
  #channel = "";

  /** @param {import("pg").Pool} pool */
  constructor(pool) {
    this.#pool = pool;
    pool.on("release", (_, client) => this.#lent.delete(client));
    /** publications dropped because the database was away for long */
    this.dropped = 0;
    /** told by who watches: whether the database refuses user or password */
    this.refused = false;
  }

  // a login that is likely to fail is left to who watches
  async connect() {
    while (!this.#answers && !this.#closed) await new Promise((resolve) => this.#connecting.add(resolve));
    if (this.#closed) throw new Error("closed");
    const client = await this.#pool.connect();
    this.#lent.add(client);
    client.once("end", () => client.release(true));
    client.on("notification", ({ channel }) => (this.#channel = channel));
    return client;
  }

  /** As the pool's; what belongs to a publication waits for its turn and for the database. */
  query(text, given) {
    const turn = this.#turn;
    if (!turn && this.refused) return Promise.reject(new Error("the database refuses the login"));
    const notifies = text.startsWith(NOTIFY);
    const values = notifies ? [postgresChannel(given[0]), ...given.slice(1)] : given;
    if (!turn) return notifies ? this.#persist(text, values) : this.#pool.query(text, values);
    const bytes = values.reduce((sum, value) => sum + value.length, 0);
    if (this.#kept >= KEPT_PUBLICATIONS || this.#keptBytes + bytes > KEPT_BYTES) {
      this.dropped += 1;
      return Promise.reject(new Error("dropped: the database is away and the queue is full"));
    }
    this.#kept += 1;
    this.#keptBytes += bytes;
    return turn.then(() => this.#persist(text, values)).finally(() => {
      this.#kept -= 1;
      this.#keptBytes -= bytes;
      if (this.#kept === 0 && this.#up) this.#behind = false;
    });
  }

  /** Takes over how the adapters publish and reconnect. @param {object} adapter  a PostgresAdapter; all share one client */
  adopt(adapter) {
    const { client } = adapter;
    if (Object.prototype.hasOwnProperty.call(client, "publish")) return adapter;
    const { publish, onMessage } = client;
    client.onMessage = (message) => onMessage.call(client, message.nsp === undefined ? this.#ofEmitter(message, client.opts) : message);
    client.publish = (message) => this.#publish(() => publish.call(client, message));
    client.scheduleReconnection = () => {
      // a connection lost while it is set up is reported twice: two would listen
      clearTimeout(client.reconnectTimer);
      if (this.#closed) return;
      client.reconnectTimer = setTimeout(() => client.initClient(), RECONNECT_MS * (0.5 + Math.random())).unref();
    };
    return adapter;
  }

  // The messages of `@socket.io/postgres-emitter` 0.1 do not say of which namespace they are, so the adapter drops them.
  #ofEmitter(message, { channelPrefix }) {
    const { packet } = message.data || {};
    return { ...message, nsp: (packet && packet.nsp) || this.#channel.slice(channelPrefix.length + 1) };
  }

  // The adapter turns the message into text, and asks for its first query, before `start` returns. It delivers to the
  // clients of its own process when the returned promise is fulfilled; these do not wait for an outage to be over.
  #publish(start) {
    this.#turn = this.#last;
    const published = start().catch(nothing);
    this.#turn = undefined;
    this.#last = published;
    if (this.#behind) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
      published.then(() => this.#waiting.delete(resolve) && resolve());
    });
  }

  async #persist(text, values) {
    for (;;) {
      while (Date.now() - this.#upSince < OTHERS_LISTEN_MS || !this.#up) {
        if (this.#closed) throw new Error("closed");
        await delay(RETRY_MS, undefined, { ref: false });
      }
      try {
        return await this.#pool.query(text, values);
      } catch (error) {
        if (this.#closed || isRefusal(error)) throw error;
        await delay(RETRY_MS, undefined, { ref: false });
      }
    }
  }

  /** Told by who watches: whether the database answers. */
  set answers(answers) {
    this.#answers = answers;
    if (answers) this.#wake();
  }

  #wake() {
    for (const resolve of this.#connecting) resolve();
    this.#connecting.clear();
  }

  /** Told by who watches: whether the database answers and is listened to. */
  set up(up) {
    if (up === this.#up) return;
    // nobody can have missed anything before the first time
    this.#upSince = up ? (this.#upSince === Infinity ? 0 : Date.now()) : this.#upSince;
    this.#up = up;
    this.#behind = !up || this.#kept > 0;
    if (up) return;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** @returns {Promise<void>} when what was published so far has left */
  flush() {
    return this.#last;
  }

  /** An adapter that was closed before it was lent a connection never gives it back: it is ended here. */
  close() {
    this.#closed = true;
    this.#wake();
    return Promise.all([this.#pool.end(), ...[...this.#lent].map((client) => client.end())]);
  }
}

// What the database answered and will answer again.
function isRefusal({ code }) {
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && !PASSING.test(code);
}

module.exports = { PostgresPool };
