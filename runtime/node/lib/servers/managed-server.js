"use strict";

const { EventEmitter } = require("events");
const { closeAtOnce } = require("./close-at-once.js");
const { log, guarded } = require("../log.js");
const { atLeast } = require("./version.js");
const adapters = require("../adapters/index.js");
const { prefixOf } = require("../adapters/names.js");
const { keep } = require("./options.js");
const { appAdapterModule } = require("../adapters/socket-io-adapter.js");

const RECOVERY_SINCE = [4, 6];
const FEATHERS_SYNC = /[\\/]node_modules[\\/]feathers-sync[\\/]/;

/** One Socket.IO Server of the app: its adapter, its engines and their connections. */
class ManagedServer {
  /**
   * @param {object} io  the Server
   * @param {{version: number[], index: number, filename?: string, supported?: boolean}} about
   *   index: 1 for the first Server that the process created; filename: Socket.IO's main file, none in a bundle, whose version
   *   is that or a later one
   */
  constructor(io, { version, index, filename, supported = true }) {
    this.io = io;
    this.version = version;
    this.index = index;
    this.filename = filename;
    this.supported = supported;
    this.bundled = supported && !filename;
    /** who provides the adapter: "runtime", "app", "none" (nobody: a single process) or "unsupported" */
    this.adapterOwner = supported ? "none" : "unsupported";
    this.adapterName = "in-memory";
    this.broker = undefined;
    /** @type {import("../truth/index.js").Truth | undefined} */
    this.truth = undefined;
    this.recovery = false;
    /** whether sessions that are recovered skip the app's middlewares: Socket.IO's default, where the app asks for recovery */
    this.skipsMiddlewares = false;
    /** whether Feathers uses it without feathers-sync; undefined until its first client */
    this.feathersUnsynced = undefined;
    /** names of options that the app chose itself although the environment sets them */
    this.appOptions = new Set();
    this.engines = new Set();
    /** open transport connections that nobody asked to close yet, oldest first */
    this.open = new Set();
    this.attaching = false;
  }

  /**
   * Decides which adapter the Server gets.
   * @param {Function} value  the adapter that the app (or Socket.IO by default) passes
   * @param {boolean} first   whether this is the call of the Server's constructor
   * @returns {Function} value itself, or ours
   */
  chooseAdapter(value, first, settings) {
    const module = appAdapterModule(this.filename);
    if (!first || !this.#isDefault(value, module)) return this.#leaveAdapterToApp(value, settings);
    const definition = this.#open(settings, module);
    this.#enableRecovery(settings, definition);
    if (this.broker) return this.broker.adapter;
    return this.recovery && module.SessionAwareAdapter ? module.SessionAwareAdapter : value;
  }

  // The adapters of a bundle are nobody's to compare with, but since 4.6 a Server has its options before its adapter; earlier
  // ones have none but the in-memory one that is an emitter itself.
  #isDefault(value, { Adapter, SessionAwareAdapter }) {
    if (!this.bundled) return value === Adapter || value === SessionAwareAdapter;
    if (this.io.opts) return !this.io.opts.adapter;
    return Boolean(value && value.prototype) && Object.getPrototypeOf(value.prototype) === EventEmitter.prototype;
  }

  #leaveAdapterToApp(value, settings) {
    if (this.broker) {
      // Socket.IO replaces adapters without closing them
      for (const { adapter } of this.io._nsps.values()) guarded("closing an adapter", () => adapter.close());
      this.release();
    }
    this.broker = undefined;
    this.adapterOwner = "app";
    this.adapterName = (value && value.name) || "custom";
    if (settings.adapter !== "none") log(`adapter: the app's own is kept, SOCKETIO_ADAPTER=${settings.adapter} is not applied`);
    return value;
  }

  #open(settings, module) {
    if (settings.adapter === "none") return adapters.IN_MEMORY;
    if (!settings.brokerUrl && !adapters.definition(settings.adapter).local) {
      log(`adapter: SOCKETIO_RUNTIME_BROKER_URL is not set, ${settings.adapter} is not applied`);
      return adapters.IN_MEMORY;
    }
    const prefix = prefixOf(settings.prefix, this.index);
    try {
      this.broker = adapters.open(settings.adapter, { url: settings.brokerUrl, caFile: settings.brokerCaFile, prefix, mirror: settings.mirror, module });
    } catch (error) {
      log(`adapter: ${settings.adapter} failed to start, the app goes on without it: ${withoutUrl(error, settings.brokerUrl)}`);
      return adapters.IN_MEMORY;
    }
    this.adapterOwner = "runtime";
    this.adapterName = settings.adapter;
    log(`socket.io ${this.versionName}: adapter ${settings.adapter}, prefix ${prefix}`);
    return adapters.definition(settings.adapter);
  }

  // `opts` is replaced, not changed: the object belongs to the app, which may use it for another Server.
  #enableRecovery({ recoveryMs }, definition) {
    const { io } = this;
    if (io.opts && io.opts.connectionStateRecovery) {
      this.recovery = true;
      this.skipsMiddlewares = io.opts.connectionStateRecovery.skipMiddlewares !== false;
      if (recoveryMs !== undefined) keep(this, "connectionStateRecovery", io.opts.connectionStateRecovery);
    } else if (recoveryMs === undefined) {
      return;
    } else if (!atLeast(this.version, RECOVERY_SINCE)) {
      log(`recovery: socket.io ${this.versionName} has none (${RECOVERY_SINCE.join(".")} has), SOCKETIO_RECOVERY_MS is not applied`);
    } else if (!definition.recovery) {
      log(`recovery: the adapter ${this.adapterName} has none, SOCKETIO_RECOVERY_MS is not applied`);
    } else {
      this.recovery = true;
      io.opts = { ...io.opts, connectionStateRecovery: { maxDisconnectionDuration: recoveryMs, skipMiddlewares: false } };
    }
  }

  /** @returns {string} the version as people read it */
  get versionName() {
    return this.version.join(".") + (this.bundled ? " or later, bundled" : "");
  }

  /** Follows the connections of an engine, whoever made it. */
  watch(engine, metrics) {
    if (!this.attaching) {
      this.appOptions.add("engine");
      log("engine: the app's own is kept, engine options from the environment are not applied");
    }
    this.engines.add(engine);
    const onPacket = (packet) => metrics.sent(packet);
    engine.on("connection", (connection) => {
      this.open.add(connection);
      connection.once("close", () => this.open.delete(connection));
      connection.on("packetCreate", onPacket);
    });
    engine.on("connection_error", (error) => metrics.rejected(error));
  }

  /** A client is connected. Feathers sends events to the sockets of its own process, past the adapter. */
  connected({ feathers }) {
    if (this.feathersUnsynced !== undefined) return;
    this.feathersUnsynced = Boolean(feathers) && !Object.keys(require.cache).some((file) => FEATHERS_SYNC.test(file));
    if (this.feathersUnsynced) log("Feathers: its events reach clients of this process only, feathers-sync carries them to all");
  }

  /** @returns {number} transport connections, those being closed included */
  connections() {
    let sum = 0;
    for (const engine of this.engines) sum += engine.clientsCount || 0;
    return sum;
  }

  /** Ends at once what was closed and still waits for its client. */
  endClosing() {
    for (const { clients = {} } of this.engines) {
      for (const connection of Object.values(clients)) if (!this.open.has(connection)) closeAtOnce(connection);
    }
  }

  /** @returns {boolean} whether clients can reach the Server */
  listening() {
    const { httpServer, eio } = this.io;
    if (httpServer) return httpServer.listening !== false;
    return this.supported ? this.engines.size > 0 : Boolean(eio);
  }

  /** @returns {object | string | null} where its HTTP server listens, as `server.address()` gives it */
  address() {
    const { httpServer } = this.io;
    return httpServer && httpServer.address ? httpServer.address() : null;
  }

  /** Flushes what the adapter still has to say and lets the broker go. */
  async release() {
    const { broker } = this;
    if (!broker) return;
    await broker.flush();
    broker.close();
  }
}

// Messages about a malformed URL quote it in some versions of Node.js, password included.
function withoutUrl(error, url) {
  return error.code === "ERR_INVALID_URL" ? "the broker's URL is not valid" : error.message.split(url).join("(broker URL)");
}

module.exports = { ManagedServer };
