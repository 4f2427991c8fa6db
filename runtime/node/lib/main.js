"use strict";

const settings = require("./settings.js");
const options = require("./servers/options.js");
const { limit } = require("./servers/admission.js");
const { Servers } = require("./servers/index.js");
const { Readiness } = require("./control/readiness.js");
const { Metrics } = require("./port/metrics.js");
const { Processes } = require("./processes/index.js");
const { answersOf } = require("./processes/answers.js");
const { Drain } = require("./control/drain.js");
const { Sessions } = require("./sessions/index.js");
const { Shutdown } = require("./control/shutdown.js");
const { log } = require("./log.js");
const { Token } = require("./port/token.js");
const { Traffic } = require("./truth/traffic.js");
const { isOurs } = require("./truth/name.js");
const { Truth } = require("./truth/index.js");
const current = require("./workers/current.js");

// Socket.IO's reasons for an end after which it lets a session be restored
const RECOVERABLE = new Set(["transport error", "transport close", "forced close", "ping timeout", "server shutting down", "forced server close"]);

/**
 * Everything the hooks talk to: the Servers of this process and what serves them. One for each process. The parts know what
 * they need of each other, and nothing of this.
 */
class Runtime {
  constructor(env) {
    const read = settings.read(env);
    /** this process as one of several, if it is */
    this.worker = current.worker;
    this.settings = this.worker ? this.worker.settings(read) : read;
    const { adapter, appPort, drainSeconds, exitSeconds, tokenFile } = this.settings;
    this.servers = new Servers();
    this.traffic = new Traffic();
    this.token = new Token(tokenFile);
    this.metrics = new Metrics({ servers: this.servers, adapter, draining: () => this.drain.draining });
    this.sessions = this.settings.sessions && this.#sessions();
    this.drain = new Drain(this.servers, {
      passing: () => (this.sessions ? this.sessions.forwarder.joined : new Set()),
      begins: () => this.sidePort && this.sidePort.end(),
    });
    this.shutdown = new Shutdown({
      servers: this.servers,
      drain: this.drain,
      drainSeconds,
      exitSeconds,
      // a worker gets each signal from the kernel and from the primary
      passedOn: Boolean(this.worker),
      end: () => this.#end(),
    });
    this.readiness = new Readiness(this.servers, this.drain, appPort);
    this.answers = answersOf({ ...this, adapter });
    this.processes = new Processes(this.settings, this.answers);
    this.sidePort = undefined;
  }

  /** Hook of an HTTP server that begins to listen, whether or not a Server of Socket.IO will ever be attached to it. */
  listens(server) {
    this.readiness.listens(server);
    this.#openPort();
  }

  /** Hook of `Server.prototype.adapter(value)`: returns the adapter to use. The first call is the constructor's. */
  chooseAdapter(io, value, about) {
    const known = this.servers.get(io);
    const managed = known || this.#add(io, about);
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
    if (maxConnections !== undefined) limit(engine, () => this.servers.connections() >= maxConnections);
    if (this.sessions) this.sessions.adopt(engine);
    this.traffic.watch(engine);
    if (this.worker) this.worker.adopt(engine);
  }

  /** Hook of `Socket.prototype._onconnect()`: the client has just been told, the app has not. */
  connected(socket) {
    if (isOurs(socket)) return;
    this.metrics.connected(socket);
    const managed = this.servers.get(socket.server);
    if (!managed) return;
    managed.connected(socket);
    const { broker } = managed;
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
    if (!this.servers.get(io)) this.#add(io, { version, supported: false });
  }

  #add(io, about) {
    const managed = this.servers.add(io, about);
    if (managed.supported) managed.truth = new Truth(managed, this);
    if (managed.supported && this.settings.adminUi) require("./servers/admin-ui.js").openAdminUi(managed, this.settings.adminUi, this.worker && this.worker.number);
    if (this.worker) this.#tellPrimary(managed);
    else if (current.alone && this.servers.created === 1) log(`workers: one process serves: ${current.alone}`);
    if (this.servers.created === 1) this.#open();
    return managed;
  }

  #tellPrimary({ supported }) {
    const receiver = this.sessions && this.sessions.receiver;
    this.worker.serverCreated({ answers: this.answers, receiver, reason: supported ? undefined : "its Socket.IO is older than 4.1" });
  }

  #sessions() {
    return new Sessions(this.settings, {
      metrics: this.metrics,
      traffic: this.traffic,
      heartbeats: () => this.#heartbeats(),
      handOver: this.worker && ((...connection) => this.worker.handOver(...connection)),
    });
  }

  #heartbeats() {
    for (const { broker } of this.servers) if (broker && broker.heartbeats) return broker.heartbeats;
    return undefined;
  }

  // The other pods know it at once.
  async #end() {
    if (this.sessions) await this.sessions.close();
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
    const { SidePort } = require("./port/side-port.js");
    const { routes } = require("./port/routes.js");
    const { PodOfProcesses } = require("./processes/pod.js");
    const pod = new PodOfProcesses(this.processes, this.drain, this.metrics);
    const yields = () => this.servers.created === 0;
    this.sidePort = new SidePort(routes(pod, this.token), this.settings, { sessions: this.sessions, yields });
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
