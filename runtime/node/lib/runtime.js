"use strict";

const settings = require("./settings.js");
const options = require("./options.js");
const { limit } = require("./admission.js");
const { ManagedServer } = require("./managed-server.js");
const { Readiness } = require("./readiness.js");
const { Metrics } = require("./metrics.js");
const { Processes } = require("./processes/index.js");
const { Drain } = require("./drain.js");
const { Sessions } = require("./sessions/index.js");
const { Shutdown } = require("./shutdown.js");
const { log } = require("./log.js");
const { Token } = require("./token.js");
const { Traffic } = require("./traffic.js");
const { isOurs } = require("./truth/name.js");
const { Truth } = require("./truth/index.js");
const current = require("./workers/current.js");

// Socket.IO's reasons for an end after which it lets a session be restored
const RECOVERABLE = new Set(["transport error", "transport close", "forced close", "ping timeout", "server shutting down", "forced server close"]);

/** Everything the hooks talk to: the Servers of this process and what serves them. One for each process. */
class Runtime {
  constructor(env) {
    const read = settings.read(env);
    /** this process as one of several, if it is */
    this.worker = current.worker;
    this.settings = this.worker ? this.worker.settings(read) : read;
    /** @type {Map<object, ManagedServer>} Socket.IO Server -> what we know of it, in order of creation */
    this.servers = new Map();
    this.created = 0;
    this.metrics = new Metrics(this);
    this.traffic = new Traffic();
    this.token = new Token(this.settings.tokenFile);
    this.sessions = this.settings.sessions && new Sessions(this.settings, {
      metrics: this.metrics,
      traffic: this.traffic,
      heartbeats: () => this.#heartbeats(),
      handOver: this.worker && ((...connection) => this.worker.handOver(...connection)),
    });
    this.drain = new Drain(this);
    this.shutdown = new Shutdown(this);
    /** the app's HTTP servers that listen */
    this.httpServers = new Set();
    this.readiness = new Readiness(this);
    this.processes = new Processes(this);
    this.sidePort = undefined;
  }

  /** Hook of an HTTP server that begins to listen, whether or not a Server of Socket.IO will ever be attached to it. */
  listens(server) {
    this.httpServers.add(server);
    server.once("close", () => this.httpServers.delete(server));
    this.readiness.listens();
    this.#openPort();
  }

  /** Hook of `Server.prototype.adapter(value)`: returns the adapter to use. The first call is the constructor's. */
  chooseAdapter(io, value, about) {
    const known = this.servers.get(io);
    const managed = known || this.#add(io, { ...about, index: ++this.created });
    if (!known) this.shutdown.install();
    return managed.chooseAdapter(value, known === undefined, this.settings);
  }

  /** Hook of `Server.prototype.attach(target, options)`: returns the engine options with ours filled in. */
  engineOptions(io, given) {
    const managed = this.servers.get(io);
    if (!managed) return undefined;
    managed.attaching = true;
    return options.engineOptions(managed, given, this.settings);
  }

  attached(io) {
    const managed = this.servers.get(io);
    if (managed) managed.attaching = false;
  }

  /** Hook of `Server.prototype.bind(engine)`. */
  bound(io, engine) {
    const managed = this.servers.get(io);
    if (!managed) return;
    managed.watch(engine, this.metrics);
    const { maxConnections } = this.settings;
    if (maxConnections !== undefined) limit(engine, () => this.connections() >= maxConnections);
    if (this.sessions) this.sessions.adopt(engine);
    this.traffic.watch(engine);
    if (this.worker) this.worker.adopt(engine);
  }

  /** Hook of `Socket.prototype._onconnect()`: the client has just been told, the app has not. */
  connected(socket) {
    if (isOurs(socket)) return;
    this.metrics.connected(socket);
    const { broker } = this.servers.get(socket.server) || {};
    if (broker && broker.connected) broker.connected(socket);
  }

  /** Hook of `Socket.prototype._onclose(reason)` of a socket that was connected. */
  disconnected(socket, reason) {
    if (isOurs(socket)) return;
    this.metrics.disconnected(socket);
    const { broker } = this.servers.get(socket.server) || {};
    if (broker && broker.disconnected) broker.disconnected(socket, !RECOVERABLE.has(reason));
  }

  /** Hook of `Server.prototype.close()`: the broker is let go once the adapters said goodbye. */
  closed(io) {
    const managed = this.servers.get(io);
    if (!managed) return;
    this.servers.delete(io);
    if (managed.truth) managed.truth.close();
    setImmediate(() => managed.release());
  }

  /** Notes a Server of a version that is left alone. */
  unsupported(io, version) {
    if (!this.servers.has(io)) this.#add(io, { version, index: ++this.created, supported: false });
  }

  /** @returns {number} transport connections of all Servers of this process */
  connections() {
    let sum = 0;
    for (const managed of this.servers.values()) sum += managed.connections();
    return sum;
  }

  #add(io, about) {
    const managed = new ManagedServer(io, about);
    this.servers.set(io, managed);
    if (managed.supported) managed.truth = new Truth(managed, this);
    if (this.worker) this.worker.serverCreated(this, managed.supported ? undefined : "its Socket.IO is older than 4.1");
    else if (current.alone && this.created === 1) log(`workers: one process serves: ${current.alone}`);
    if (this.created === 1) this.#open();
    return managed;
  }

  /** The pod ends: the other pods know it at once. */
  async end() {
    if (this.sessions) await this.sessions.close();
  }

  #heartbeats() {
    for (const { broker } of this.servers.values()) if (broker && broker.heartbeats) return broker.heartbeats;
    return undefined;
  }

  #open() {
    if (this.sessions) this.sessions.open();
    this.#openPort();
    if (!this.settings.port) return;
    this.processes.open();
    require("./discovery/index.js").openDiscovery(this.settings);
  }

  #openPort() {
    if (!this.settings.port || this.sidePort) return;
    const { SidePort } = require("./side-port.js");
    const { routes } = require("./routes.js");
    this.sidePort = new SidePort(routes(this, this.processes), this.settings, { sessions: this.sessions, yields: () => this.created === 0 });
    this.sidePort.open();
  }
}

let instance;

/** @returns {Runtime} the runtime of this process */
function runtime() {
  if (!instance) instance = new Runtime(process.env);
  return instance;
}

module.exports = { Runtime, runtime };
