"use strict";

const http = require("http");
const { own } = require("../find/http-servers.js");
const { log, guarded } = require("../log.js");

const RETRY_MS = 5000;
const HEAD_BYTES = 8192;

/**
 * An HTTP server of the runtime's own. It keeps no process alive, and nothing sent to it can take more than a bounded share
 * of the app's process: sockets, time and bytes of a request are limited.
 */
class HttpPort {
  /**
   * @param {string} name                                     in the log
   * @param {{port: number, host?: string}} place
   * @param {object} limits
   * @param {number} limits.sockets                           those beyond it take the place of the one silent longest
   * @param {number} limits.requestMs                         for a request, and for its answer
   * @param {number} limits.idleMs                            between two requests of a connection
   */
  constructor(name, { port, host }, limits) {
    this.name = name;
    this.limits = limits;
    this.place = { port, host, exclusive: true };
    /** sockets that are open, the one that has waited longest first */
    this.sockets = new Set();
  }

  /** Answers a request; a subclass does. @returns {Promise<unknown>} */
  async answer() {
    throw new Error("not implemented");
  }

  /** @returns {number} of `sockets` */
  places() {
    return this.limits.sockets;
  }

  open() {
    const { requestMs, idleMs } = this.limits;
    const times = { requestTimeout: requestMs, headersTimeout: requestMs, keepAliveTimeout: idleMs };
    const checked = { connectionsCheckingInterval: Math.min(requestMs, 1000), maxHeaderSize: HEAD_BYTES };
    const server = http.createServer({ ...times, ...checked }, (request, response) => {
      if (this.sockets.delete(request.socket)) this.sockets.add(request.socket);
      this.answer(request, response).catch((error) => {
        log(`${this.name}: ${request.method} failed: ${error.message}`);
        if (!response.headersSent) send(response, 500, { error: "InternalError" });
      });
    });
    own(server);
    Object.assign(server, { ...times, timeout: requestMs, maxRequestsPerSocket: 1000 });
    server.on("connection", (socket) => guarded(this.name, () => this.#accept(socket)));
    server.on("clientError", (error, socket) => socket.destroy());
    server.on("error", (error) => this.#retry(server, error));
    server.listen(this.place, () => log(`${this.name} ${this.place.port}: open`));
    server.unref();
    return server;
  }

  // When all places are taken the socket that has been silent longest goes: a flood of half-open connections cannot keep
  // others out.
  #accept(socket) {
    socket.unref();
    socket.once("close", () => this.sockets.delete(socket));
    this.sockets.add(socket);
    if (this.sockets.size > this.places()) {
      const [oldest] = this.sockets;
      this.sockets.delete(oldest);
      oldest.destroy();
    }
  }

  async #retry(server, error) {
    const wait = error.code === "EADDRINUSE" ? await this.claim() : undefined;
    if (wait === undefined && !this.reported) log(`${this.name} ${this.place.port}: ${error.code || error.message}, tried again every ${RETRY_MS / 1000} s`);
    this.reported = this.reported || wait === undefined;
    this.tryAgain(server, wait);
  }

  tryAgain(server, wait = RETRY_MS) {
    // one that listens has met an error of a connection
    setTimeout(() => server.listening || server.listen(this.place).unref(), wait).unref();
  }

  /** Another process has the port; a subclass may ask for it. @returns {Promise<number | undefined>} when to try again, if it knows: milliseconds */
  async claim() {
    return undefined;
  }
}

/** Answers with JSON, or with text that is JSON already. */
function send(response, status, body, headers = {}) {
  const text = typeof body === "string" ? body : `${JSON.stringify(body)}\n`;
  const refused = status >= 400 && status !== 503;
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    // what is left of a refused request is not read
    ...(refused ? { connection: "close" } : {}),
    ...headers,
  });
  response.end(text, () => refused && response.socket && response.socket.destroySoon());
}

module.exports = { HttpPort, send };
