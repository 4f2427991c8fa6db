"use strict";

const fs = require("fs");
const http = require("http");
const path = require("path");
const { log } = require("../log.js");
const { folderOf, ownFolder } = require("../processes/folder.js");

/**
 * Takes the requests that other processes hand over: by a Unix socket from processes of this pod, by tunnels from other
 * pods. What is for another process of this pod is passed on to it; nothing is passed on to another pod.
 */
class Receiver {
  /**
   * @param {object} about
   * @param {string} about.address  of this pod
   * @param {(request: http.IncomingMessage) => import("./seal.js").Location | undefined} about.locate
   * @param {(number: number) => object | undefined} about.engine  the engine of this process of that number: its own handlers
   * @param {import("./forwarder.js").Forwarder} about.forwarder
   * @param {(request: http.IncomingMessage) => void} about.handedOver  told of requests whose answer the process sees that they came from
   */
  constructor({ address, locate, engine, forwarder, handedOver }) {
    this.address = address;
    this.locate = locate;
    this.engine = engine;
    this.forwarder = forwarder;
    this.handedOver = handedOver;
    /** connections that clients opened themselves */
    this.clients = new WeakSet();
    this.server = http.createServer((request, response) => this.#request(request, response));
    this.server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    this.server.on("connection", (socket) => socket.unref());
    // the process that sends decides how long a connection lasts, and waits for slow clients
    Object.assign(this.server, { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0, timeout: 0, maxRequestsPerSocket: 0 });
  }

  /** Opens the Unix socket of this process. */
  listen() {
    try {
      const folder = ownFolder(this.address);
      const socketPath = path.join(folder, String(process.pid));
      fs.rmSync(socketPath, { force: true });
      this.server.on("error", (error) => log(`sessions: no socket for the other processes of this pod: ${error.code}`));
      this.server.listen({ path: socketPath, exclusive: true });
      this.server.unref();
      process.once("exit", () => fs.rmSync(socketPath, { force: true }));
    } catch (error) {
      log(`sessions: no socket for the other processes of this pod: ${error.code || error.message}`);
    }
  }

  /**
   * Takes a connection over which requests come.
   * @param {Buffer} [first]   what was read of it
   * @param {boolean} [whole]  whether it is a client's own, which nobody else sees any more
   */
  take(socket, first, whole = false) {
    if (whole) this.clients.add(socket);
    socket.setTimeout(0);
    this.server.emit("connection", socket);
    if (first && first.length > 0) socket.unshift(first);
  }

  #request(request, response) {
    const location = this.#here(request);
    const unknown = () => response.writeHead(400, { "content-type": "application/json" }).end('{"code":1,"message":"Session ID unknown"}');
    if (!location) return unknown();
    if (location.process !== process.pid) return this.forwarder.request(request, response, wayTo(location), { patience: 0, lost: unknown });
    this.handedOver(request);
    const engine = this.engine(location.engine);
    return engine ? engine.handleRequest(request, response) : unknown();
  }

  #upgrade(request, socket, head) {
    const location = this.#here(request);
    const unknown = () => socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 18\r\n\r\nSession ID unknown");
    if (!location) return unknown();
    if (location.process !== process.pid) return this.forwarder.upgrade(request, socket, head, wayTo(location), { patience: 0, lost: unknown });
    if (!this.clients.has(socket)) this.handedOver(request);
    const engine = this.engine(location.engine);
    return engine ? engine.handleUpgrade(request, socket, head) : unknown();
  }

  #here(request) {
    const location = this.locate(request);
    return location && location.address === this.address ? location : undefined;
  }
}

/** @returns {import("./forwarder.js").Way} to another process of the pod */
function wayTo({ address, process: id }) {
  return { socketPath: path.join(folderOf(address), String(id)) };
}

module.exports = { Receiver, wayTo };
