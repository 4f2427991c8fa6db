"use strict";

const { Forwarder } = require("./forwarder.js");
const { Peers } = require("./peers.js");
const { Receiver, wayTo } = require("./receiver.js");
const { Seal } = require("./seal.js");
const { guarded } = require("../log.js");
const { Token } = require("../port/token.js");
const { Traffic } = require("../truth/traffic.js");

const SID = /[?&]sid=([^&#]*)/;
const PATIENCE_MARGIN_MS = 1000;

/**
 * Lets each request find its session, on whichever process of whichever pod it lives: a session id says, sealed, where that
 * is, and a process that gets a request for a session of another one hands it there. So it does not matter how routers
 * spread requests, how a load balancer of processes does, or that a pod that is about to end gets no requests any more.
 */
class Sessions {
  /**
   * @param {import("../settings.js").Settings} settings
   * @param {object} hooks
   * @param {import("../port/metrics.js").Metrics} hooks.metrics
   * @param {Traffic} [hooks.traffic]  of this process
   * @param {() => import("./peers.js").Heartbeats | undefined} [hooks.heartbeats]
   * @param {(id: number, request: object, socket: object, head: Buffer) => boolean} [hooks.handOver]  gives a
   *   connection itself to another process of this pod, if it can
   */
  constructor({ sessions, tokenFile }, { metrics, traffic = new Traffic(), heartbeats = () => undefined, handOver = () => false }) {
    this.address = sessions.address;
    this.seal = new Seal(sessions.key);
    this.metrics = metrics;
    this.traffic = traffic;
    this.handOver = handOver;
    this.token = new Token(tokenFile);
    /** the engines' own handlers and bounds, by number */
    this.engines = [];
    this.peers = sessions.peers && new Peers({ own: this.address, names: sessions.peers, heartbeats });
    this.forwarder = new Forwarder({ token: () => this.token.read(), refused: (address) => this.peers.avoid(address) });
    this.receiver = new Receiver({
      address: this.address,
      locate: (request) => this.#locate(request),
      engine: (number) => this.engines[number],
      forwarder: this.forwarder,
      handedOver: (request) => this.traffic.handedOver(request),
    });
  }

  /** From now on requests come and go. */
  open() {
    this.receiver.listen();
    if (!this.peers) return;
    this.peers.watched = () => this.forwarder.addresses();
    this.peers.onGone = (address) => this.forwarder.cut(address);
    this.peers.start();
  }

  /** The pod ends. */
  async close() {
    if (this.peers) await this.peers.stop();
  }

  /** Seals the ids of the engine's sessions, and hands its requests for other sessions to where these live. */
  adopt(engine) {
    const number = this.engines.length;
    const own = { handleRequest: engine.handleRequest.bind(engine), handleUpgrade: engine.handleUpgrade.bind(engine) };
    this.engines.push(own);
    this.#sealIds(engine, { address: this.address, process: process.pid, engine: number });
    const unknown = () => this.traffic.count("unknown");
    const patience = () => engine.opts.pingInterval + engine.opts.pingTimeout + PATIENCE_MARGIN_MS;
    const elsewhere = (request) => {
      const location = this.#locate(request, engine.clients);
      return location && (location.address !== this.address || location.process !== process.pid) ? location : undefined;
    };
    engine.handleRequest = (request, response) => {
      const location = elsewhere(request);
      const lost = () => own.handleRequest(request, response);
      if (!location) return lost();
      return this.#hand(location, "polling", lost, (way, gone) => {
        if (request.method === "POST") this.#time(response);
        this.forwarder.request(request, response, way, { patience: patience(), lost: gone, unknown });
      });
    };
    engine.handleUpgrade = (request, socket, head) => {
      const location = elsewhere(request);
      const lost = () => own.handleUpgrade(request, socket, head);
      if (!location) return lost();
      return this.#hand(location, "websocket", lost, (way, gone) => {
        if (way.socketPath && !socket.encrypted && this.handOver(location.process, request, socket, head)) return;
        this.forwarder.upgrade(request, socket, head, way, { patience: patience(), lost: gone, unknown });
      });
    };
  }

  // A poll waits for an event, which says nothing about the way there.
  #time(response) {
    const start = performance.now();
    response.once("finish", () => this.metrics.forwardTimes.add((performance.now() - start) / 1000));
  }

  // The app may replace `generateId`, before or after: its ids are sealed as well.
  #sealIds(engine, location) {
    let generate = engine.generateId;
    const sealed = (id) => this.seal.close(String(id), location);
    const generateId = (request) => {
      const id = generate.call(engine, request);
      return id && typeof id.then === "function" ? id.then(sealed) : sealed(id);
    };
    Object.defineProperty(engine, "generateId", { configurable: true, get: () => generateId, set: (value) => (generate = value) });
  }

  /** @returns {import("./seal.js").Location | undefined} where the request's session lives, unless `clients` has it */
  #locate({ url }, clients = {}) {
    const match = SID.exec(url);
    if (!match || Object.prototype.hasOwnProperty.call(clients, match[1])) return undefined;
    return this.seal.open(decoded(match[1]));
  }

  // A peer that is gone took its sessions along: the engine here says that it does not know the session.
  async #hand(location, transport, lost, send) {
    const gone = () => {
      this.metrics.forwarded(transport, "peer-gone");
      lost();
    };
    if (location.address === this.address) {
      this.metrics.forwarded(transport, "other-process");
      return send(wayTo(location), gone);
    }
    const known = this.peers ? await this.peers.has(location.address).catch(() => false) : false;
    if (!known) return gone();
    this.metrics.forwarded(transport, "other-pod");
    this.traffic.count("forwarded");
    return guarded("handing over a request", () => send({ address: location.address }, gone));
  }
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

module.exports = { Sessions };
