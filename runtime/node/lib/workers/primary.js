"use strict";

const cluster = require("cluster");
const { spawn } = require("child_process");
const { constants: { signals } } = require("os");
const { log } = require("../log.js");
const settings = require("../settings.js");
const { Sessions } = require("../sessions/index.js");
const { forWorkers } = require("../sessions/settings.js");
const { Acceptor } = require("./acceptor.js");
const { FORKS_ITSELF } = require("./constants.js");
const { PodOfWorkers } = require("./pod.js");
const { Slot } = require("./slot.js");

const ENDING = ["SIGTERM", "SIGINT", "SIGQUIT"];
const OTHER = ["SIGHUP", "SIGUSR2"];
const LATE_MS = 10_000;

/** The process that Kubernetes sees: it starts the workers, holds the ports and speaks for all. It runs nothing of the app. */
class Primary {
  constructor(read, numberVariable) {
    this.settings = read;
    this.acceptor = new Acceptor(read.balancing);
    const hooks = { env: forWorkers(read), numberVariable, started: (slot) => this.#listenTo(slot), ended: (slot, exit) => this.#ended(slot, exit) };
    this.slots = Array.from({ length: read.workers }, (_, index) => new Slot(index + 1, hooks));
    /** how many workers there are to be: one until its Socket.IO server listens */
    this.wanted = 1;
    this.pod = new PodOfWorkers(this, read, () => this.sidePort && this.sidePort.end());
    this.stopping = false;
    this.exitCode = 0;
  }

  start() {
    const [, main, ...args] = process.argv;
    cluster.setupPrimary({ exec: main, args, serialization: "advanced" });
    if (this.settings.adapter === "none") require("@socket.io/cluster-adapter").setupPrimary();
    for (const signal of ENDING) process.on(signal, () => this.#stop(signal));
    for (const signal of OTHER) process.on(signal, () => this.#forward(signal));
    this.slots[0].start();
  }

  /** @returns {Slot[]} those that have or shall have a process */
  get workers() {
    return this.slots.slice(0, this.wanted);
  }

  /** @returns {string | undefined} why there is one worker only */
  get alone() {
    if (this.wanted === this.slots.length) return undefined;
    return this.reason || "its Socket.IO server listens on no TCP port";
  }

  #listenTo(slot) {
    const { channel } = slot;
    channel.on("server", ({ reason }) => this.#serverCreated(slot, reason));
    channel.on("listen", async (place) => {
      const joined = await this.acceptor.join(slot, place);
      slot.listens = true;
      this.#widen();
      return joined;
    });
    channel.on("leave", ({ key }) => this.acceptor.leave(slot, key));
    channel.on("load", ({ connections }) => (slot.load = connections));
    channel.on("hand-over", (message, handle) => this.#handOver(message, handle));
    if (this.stopping) slot.kill("SIGTERM");
  }

  #serverCreated(slot, reason) {
    slot.hasServer = true;
    this.reason = this.reason || reason;
    this.#openSidePort();
    this.#widen();
    if (this.wanted === 1 && !this.late) this.late = setTimeout(() => this.alone && log(`workers: one process serves: ${this.alone}`), reason ? 0 : LATE_MS);
  }

  // The others start when the first one serves: what an app does once at its start is done once by then, and an app that
  // fails at start fails once.
  #widen() {
    if (this.reason || this.stopping || this.wanted === this.slots.length || !this.slots[0].up) return;
    this.wanted = this.slots.length;
    log(`workers: ${this.wanted}, balancing ${this.settings.balancing}`);
    for (const slot of this.slots.slice(1)) slot.start();
  }

  #openSidePort() {
    if (!this.settings.port || this.sidePort) return;
    const { SidePort } = require("../port/side-port.js");
    const { routes } = require("../port/routes.js");
    const { Token } = require("../port/token.js");
    this.sidePort = new SidePort(routes(this.pod, new Token(this.settings.tokenFile)), this.settings, { sessions: this.#sessions() });
    this.sidePort.open();
    require("../discovery/index.js").openDiscovery(this.settings);
  }

  // The primary has none: it takes requests from other pods and passes them on to its workers.
  #sessions() {
    return this.settings.sessions && new Sessions(this.settings, { metrics: { forwarded() {} } });
  }

  #handOver({ pid, head }, handle) {
    if (!handle) return;
    const { channel } = this.workers.find((slot) => slot.pid === pid) || {};
    if (channel) channel.send("hand-over", { head }, { handle, sent: () => handle.close() });
    else handle.close();
  }

  #stop(signal) {
    this.stopping = true;
    this.pod.end();
    for (const slot of this.slots) slot.giveUp();
    this.#forward(signal);
    this.#exitIfDone();
  }

  #forward(signal) {
    for (const slot of this.slots) slot.kill(signal);
    if (this.single) this.single.kill(signal);
  }

  #ended(slot, { code, signal, up }) {
    this.acceptor.gone(slot);
    const exit = signal ? 128 + signals[signal] : code;
    if (exit === FORKS_ITSELF && this.wanted === 1) return this.#runAlone();
    if (this.stopping) {
      // one of several that had not come up had no handler of the signal yet
      if (up || this.wanted === 1) this.exitCode = this.exitCode || exit;
      return this.#exitIfDone();
    }
    if (!up && !this.workers.some((other) => other.up)) return this.#giveUp(exit);
    const wait = slot.restart();
    return log(`workers: worker ${slot.number} ended (${signal || `exit code ${code}`}), started again ${wait ? `in ${wait / 1000} s` : "at once"}`);
  }

  // No worker serves and the next one does not get as far: the app cannot start, or it is a program that has ended.
  #giveUp(exit) {
    this.exitCode = exit;
    this.#stop("SIGTERM");
  }

  #exitIfDone() {
    if (this.single || this.slots.some(({ worker }) => worker)) return;
    process.exit(this.exitCode);
  }

  /** The app uses Node's cluster module by itself: it is run as if we were not here. */
  #runAlone() {
    log("workers: one process is started, the app forks its own by the cluster module");
    const env = { ...process.env, SOCKETIO_WORKERS: "" };
    this.single = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], { env, stdio: "inherit" });
    this.single.once("exit", (code, signal) => process.exit(signal ? 128 + signals[signal] : code));
  }
}

function start(numberVariable) {
  new Primary(settings.read(process.env), numberVariable).start();
}

module.exports = { Primary, start };
