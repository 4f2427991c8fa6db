"use strict";

const cluster = require("cluster");
const net = require("net");
const { syncBuiltinESMExports } = require("module");
const { speakAs } = require("../log.js");
const { Channel } = require("./channel.js");
const { headOf } = require("../sessions/headers.js");
const { Listening } = require("./listening.js");
const { FORKS_ITSELF } = require("./constants.js");

const REPORT_MS = 100;

/** This process as one worker of several. */
class Worker {
  constructor(number) {
    this.number = number;
    this.channel = new Channel(process);
    // only what the app does keeps the process alive
    process.channel.unref();
    this.listening = new Listening(this.channel, () => this.report());
    this.connections = 0;
  }

  /** The settings of a worker: what holds for the pod as a whole is the primary's. */
  settings(read) {
    return Object.freeze({ ...read, port: undefined, maxConnections: share(read), adapter: read.adapter === "none" ? "cluster" : read.adapter });
  }

  /**
   * The app made its first Server.
   * @param {object} about
   * @param {Map<string, (body: any) => unknown>} about.answers  to questions of the primary
   * @param {import("../sessions/receiver.js").Receiver} [about.receiver]
   * @param {string} [about.reason]  why it cannot be one of several
   */
  serverCreated({ answers, receiver, reason }) {
    if (this.served) return;
    this.served = true;
    // programs that the app starts are not servers
    delete process.env.SOCKETIO_WORKERS;
    for (const [question, answer] of answers) this.channel.on(question, answer);
    this.channel.on("hand-over", ({ head }, handle) => handle && take(receiver, handle, head));
    this.channel.send("server", { reason });
  }

  adopt(engine) {
    engine.on("connection", (connection) => {
      this.#count(1);
      connection.once("close", () => this.#count(-1));
    });
  }

  /**
   * Gives a connection to the worker of that process id, by way of the primary: an upgraded one costs nothing here then. A
   * client of a WebSocket sends nothing before its upgrade is answered, so nothing is lost between the two processes.
   * @returns {boolean} whether it is given
   */
  handOver(pid, request, socket, rest) {
    if (!socket._handle || !process.connected) return false;
    const head = Buffer.concat([headOf(`${request.method} ${request.url} HTTP/1.1`, request.rawHeaders), rest]);
    this.channel.send("hand-over", { pid, head }, { handle: socket._handle, sent: () => socket.destroy() });
    return true;
  }

  #count(difference) {
    this.connections += difference;
    this.report();
  }

  /** Tells the primary the number of sessions soon: it has only counted the connections it gave since the last report. */
  report() {
    this.reporting = this.reporting || setTimeout(() => {
      this.reporting = undefined;
      this.channel.send("load", { connections: this.connections });
    }, REPORT_MS).unref();
  }
}

// of equals, as the balancing makes them
function share({ maxConnections, workers }) {
  return maxConnections && Math.ceil(maxConnections / workers);
}

function take(receiver, handle, head) {
  const socket = new net.Socket({ handle, allowHalfOpen: true });
  socket.setNoDelay(true);
  receiver.take(socket, head, true);
}

// The app is to see what it would see alone: a process that is not a worker. One that forks by itself is found out at
// its first step and then run without us.
function hideCluster() {
  const leave = () => process.exit(FORKS_ITSELF);
  Object.assign(cluster, { isPrimary: true, isMaster: true, isWorker: false });
  Object.assign(cluster, { fork: leave, setupPrimary: leave, setupMaster: leave });
  syncBuiltinESMExports();
}

function start(number) {
  speakAs(`worker ${number}`);
  const worker = new Worker(number);
  worker.listening.install();
  hideCluster();
  return worker;
}

module.exports = { Worker, start };
