"use strict";

const { log } = require("../log.js");
const { loginWait } = require("./login-wait.js");
const { inTime } = require("../in-time.js");
const { postgresChannel } = require("./names.js");
const { PostgresPool } = require("./postgres-pool.js");

const CHECK_MS = 3000;
const CHECK_AWAY_MS = 500;
const ANSWER_MS = 1500;
const FLUSH_MS = 1000;
const QUERY_MS = 10_000;
// PostgreSQL takes less than 8000 bytes, the adapter would give it 8000
const PAYLOAD_BYTES = 7999;
// SQLSTATE class: invalid authorization
const REFUSED = /^28/;
const LISTEN = /^LISTEN "(.*)"$/s;

/** PostgreSQL LISTEN/NOTIFY. Large and binary events need the table `socket_io_attachments` (docs/runtime.md). */
module.exports = {
  recovery: false,
  open({ url, caFile, prefix }) {
    const { Pool } = require("pg");
    const { createAdapter } = require("@socket.io/postgres-adapter");
    const connections = { max: 4, connectionTimeoutMillis: 5000, query_timeout: QUERY_MS, keepAlive: true, allowExitOnIdle: true };
    const pool = new Pool({ connectionString: trusting(url, caFile), ...connections });
    const publishing = new PostgresPool(pool);
    const watch = new Watch(pool, publishing);
    const create = createAdapter(publishing, { channelPrefix: prefix, payloadThreshold: PAYLOAD_BYTES, errorHandler: (error) => watch.failed(error) });
    return {
      adapter: (namespace) => publishing.adopt(create(namespace)),
      state: () => watch.state(),
      flush: () => inTime(publishing.flush(), FLUSH_MS),
      close: () => watch.close(),
      dropped: () => publishing.dropped,
    };
  },
};

// What the URL says of TLS wins over other options of the client, so this is said there as well.
function trusting(url, caFile) {
  if (!caFile || /[?&]sslrootcert=/.test(url)) return url;
  return `${url}${url.includes("?") ? "&" : "?"}sslrootcert=${encodeURIComponent(caFile)}`;
}

/** Follows whether the database answers and whether the listening connection stands. */
class Watch {
  constructor(pool, publishing) {
    this.pool = pool;
    this.publishing = publishing;
    this.listening = new Set();
    this.reachable = undefined;
    /** how many logins in a row were refused */
    this.refused = 0;
    pool.on("error", (error) => this.failed(error));
    pool.on("connect", (client) => this.#follow(client));
    this.#check();
  }

  // A connection that is in use has no error listener of the pool's: without ours a restart of the database would end
  // the process.
  #follow(client) {
    client.on("error", (error) => this.failed(error));
    client.on("end", () => {
      this.listening.delete(client);
      this.#changed();
    });
    const query = client.query;
    client.query = (...args) => {
      const [, channel] = (typeof args[0] === "string" && LISTEN.exec(args[0])) || [];
      if (channel === undefined) return query.apply(client, args);
      // the name of a namespace may be a client's: a quote in it would end the identifier
      const result = query.call(client, `LISTEN ${client.escapeIdentifier(postgresChannel(channel))}`);
      result.then(() => this.#listens(client), () => abandon(client));
      return result;
    };
  }

  #listens(client) {
    this.listening.add(client);
    this.#changed();
  }

  async #check() {
    const answered = await inTime(this.pool.query("SELECT 1").catch((error) => this.#rejected(error)), ANSWER_MS);
    await Promise.all([...this.listening].map(async (client) => {
      // the pool would not notice that the network forgot this one
      if (answered && !(await inTime(client.query("SELECT 1"), ANSWER_MS))) abandon(client);
    }));
    if (this.closed) return;
    if (answered) this.refused = 0;
    this.#tell(answered ? "connected" : this.refused > 0 ? `refuses the login (${this.error})` : `away (${this.error || "no answer"}), trying again`, answered);
    this.reachable = answered;
    this.#changed();
    this.timer = setTimeout(() => this.#check(), this.#wait()).unref();
  }

  #rejected(error) {
    this.failed(error);
    this.refused = REFUSED.test(error.code) ? this.refused + 1 : 0;
    throw error;
  }

  #wait() {
    if (this.refused > 0) return loginWait(this.refused);
    return this.state().subscribed ? CHECK_MS : CHECK_AWAY_MS;
  }

  #tell(what, answered) {
    const refused = this.refused > 0;
    if (answered !== this.reachable || refused !== this.toldRefused) log(`broker postgres: ${what}`);
    this.toldRefused = refused;
  }

  #changed() {
    Object.assign(this.publishing, { refused: this.refused > 0, answers: this.reachable === true });
    this.publishing.up = this.state().subscribed;
  }

  failed(error) {
    this.error = error.message || error.code || "connection closed";
  }

  state() {
    const reachable = this.reachable === true;
    return { reachable, subscribed: reachable && this.listening.size > 0, ...(this.refused > 0 && { refused: true }) };
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.publishing.close().catch(() => {});
  }
}

// Its end is noticed at once, without an answer of the other side, and the adapter connects anew.
function abandon(client) {
  client.connection.stream.destroy();
}
