"use strict";

const { log } = require("../log.js");
const { inTime } = require("../in-time.js");

const CHECK_MS = 3000;
const ANSWER_MS = 1500;

/** PostgreSQL LISTEN/NOTIFY. Large and binary events need the table `socket_io_attachments` (docs/runtime.md). */
module.exports = {
  recovery: false,
  open({ url, prefix }) {
    const { Pool } = require("pg");
    const { createAdapter } = require("@socket.io/postgres-adapter");
    const pool = new Pool({ connectionString: url, max: 4, connectionTimeoutMillis: 5000, keepAlive: true, allowExitOnIdle: true });
    const watch = new Watch(pool);
    const adapter = createAdapter(pool, { channelPrefix: prefix, errorHandler: (error) => watch.failed(error) });
    return { adapter, state: () => watch.state(), flush: async () => {}, close: () => watch.close() };
  },
};

/** Follows whether the database answers and whether the listening connection stands. */
class Watch {
  constructor(pool) {
    this.pool = pool;
    this.listening = new Set();
    this.reachable = undefined;
    pool.on("error", (error) => this.failed(error));
    pool.on("connect", (client) => this.#follow(client));
    this.timer = setInterval(() => this.#check(), CHECK_MS).unref();
    this.#check();
  }

  // A connection that is in use has no error listener of the pool's: without ours a restart of the database would end
  // the process.
  #follow(client) {
    client.on("error", (error) => this.failed(error));
    client.on("end", () => this.listening.delete(client));
    const query = client.query;
    client.query = (...args) => {
      const result = query.apply(client, args);
      if (typeof args[0] === "string" && args[0].startsWith("LISTEN") && result && result.then) {
        result.then(() => this.listening.add(client), () => {});
      }
      return result;
    };
  }

  async #check() {
    const reachable = await inTime(this.pool.query("SELECT 1"), ANSWER_MS);
    if (this.closed || reachable === this.reachable) return;
    this.reachable = reachable;
    log(reachable ? "broker postgres: connected" : `broker postgres: away (${this.error || "no answer"}), trying again`);
  }

  failed(error) {
    this.error = error.message || error.code || "connection closed";
  }

  state() {
    return { reachable: this.reachable === true, subscribed: this.reachable === true && this.listening.size > 0 };
  }

  close() {
    this.closed = true;
    clearInterval(this.timer);
    this.pool.end().catch(() => {});
  }
}
