"use strict";

const http = require("http");
const net = require("net");

const SID = /[?&]sid=[^&#]*\.(\d{1,2})(?:[&#]|$)/;
const ENGINE = "x-socketio-runtime-engine";
const HOP_BY_HOP = new Set(["connection", "keep-alive", "proxy-connection"]);

/**
 * Brings each request to the worker that holds its session, whatever connection it comes by: proxies use one connection
 * for the requests of many sessions. A session id ends with the number of its worker. A request for another worker is
 * sent on to it over loopback; an upgrade is handed over with its connection.
 */
class Sessions {
  /**
   * @param {number} number  of this worker
   * @param {import("./channel.js").Channel} channel
   * @param {WeakSet<object>} ownServers  servers that listen by themselves
   */
  constructor(number, channel, ownServers) {
    this.number = number;
    this.channel = channel;
    /** the engines' own handlers, in order of creation: the same order in each worker */
    this.engines = [];
    this.ports = [];
    this.agent = new http.Agent({ keepAlive: true });
    /** takes what other workers send by loopback */
    this.inner = this.#server();
    /** takes connections that are handed over; has no port */
    this.taken = this.#server();
    ownServers.add(this.inner);
    channel.on("inner-ports", ({ ports }) => (this.ports = ports));
    channel.on("hand-over", ({ head }, handle) => handle && this.#take(head, handle));
  }

  #server() {
    const server = http.createServer((request, response) => {
      const engine = this.#ofHeader(request);
      if (engine) engine.handleRequest(request, response);
      else response.writeHead(404).end();
    });
    server.on("upgrade", (request, socket, head) => {
      const engine = this.#ofHeader(request);
      if (engine) engine.handleUpgrade(request, socket, head);
      else socket.destroy();
    });
    // the worker that sends decides how long a connection lasts
    return Object.assign(server, { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 });
  }

  #ofHeader(request) {
    const index = Number(request.headers[ENGINE]);
    delete request.headers[ENGINE];
    return this.engines[index];
  }

  /** Gives the engine's sessions the number of this worker, and its requests to the workers that they are for. */
  adopt(engine) {
    if (this.engines.length === 0) this.#open();
    const index = this.engines.length;
    const own = { handleRequest: engine.handleRequest.bind(engine), handleUpgrade: engine.handleUpgrade.bind(engine) };
    this.engines.push(own);
    this.#numberIds(engine);
    engine.handleRequest = (request, response) => {
      const port = this.ports[this.#elsewhere(request) - 1];
      if (port) this.#forward(request, response, { port, index, fallback: own.handleRequest });
      else own.handleRequest(request, response);
    };
    engine.handleUpgrade = (request, socket, head) => {
      const number = this.#elsewhere(request);
      if (!number) own.handleUpgrade(request, socket, head);
      else if (socket.encrypted) this.#join(request, socket, head, { port: this.ports[number - 1], index });
      else this.#handOver(request, socket, head, { number, index });
    };
  }

  #open() {
    this.inner.on("connection", (socket) => socket.unref());
    this.inner.listen({ port: 0, host: "127.0.0.1" }, () => this.channel.send("inner", { port: this.inner.address().port }));
    this.inner.unref();
  }

  // The app may replace `generateId`, before or after: its ids get the number as well.
  #numberIds(engine) {
    let generate = engine.generateId;
    const numbered = (id) => `${id}.${this.number}`;
    const generateId = (request) => {
      const id = generate.call(engine, request);
      return id && typeof id.then === "function" ? id.then(numbered) : numbered(id);
    };
    Object.defineProperty(engine, "generateId", { configurable: true, get: () => generateId, set: (value) => (generate = value) });
  }

  /** @returns {number | undefined} the worker that the request is for, unless it is this one or unknown */
  #elsewhere(request) {
    const match = SID.exec(request.url);
    const number = match ? Number(match[1]) : this.number;
    return number !== this.number && this.ports[number - 1] ? number : undefined;
  }

  #forward(request, response, { port, index, fallback }) {
    const options = { host: "127.0.0.1", port, method: request.method, path: request.url, agent: this.agent };
    let forwarded;
    try {
      forwarded = http.request({ ...options, headers: { ...headers(request.rawHeaders), [ENGINE]: index } });
    } catch {
      // Node.js reads some requests that it refuses to write
      return fallback(request, response);
    }
    forwarded.on("response", (answer) => {
      response.writeHead(answer.statusCode, answer.statusMessage, headers(answer.rawHeaders));
      answer.pipe(response);
      answer.on("error", () => response.destroy());
    });
    // a worker that is gone takes its sessions along: the engine here says that it does not know the session
    forwarded.on("error", () => {
      if (response.headersSent || response.destroyed) response.destroy();
      else fallback(request, response);
    });
    response.on("close", () => forwarded.destroy());
    return request.pipe(forwarded);
  }

  // The handle goes by way of the primary. A client of a WebSocket sends nothing before its upgrade is answered, so
  // nothing is lost between the two processes.
  #handOver(request, socket, rest, { number, index }) {
    const head = Buffer.concat([Buffer.from(headOf(request, index), "latin1"), rest]);
    this.channel.send("hand-over", { number, head }, { handle: socket._handle, sent: () => socket.destroy() });
  }

  #take(head, handle) {
    const socket = new net.Socket({ handle, allowHalfOpen: true });
    socket.setNoDelay(true);
    this.taken.emit("connection", socket);
    socket.unshift(head);
  }

  // TLS ends in this process, so an encrypted connection stays here and is joined to one to the other worker.
  #join(request, socket, rest, { port, index }) {
    const far = net.connect({ port, host: "127.0.0.1", noDelay: true });
    far.write(Buffer.concat([Buffer.from(headOf(request, index), "latin1"), rest]));
    for (const [from, to] of [[socket, far], [far, socket]]) {
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
      from.pipe(to);
    }
  }
}

/** @returns {Record<string, string | string[]>} raw headers, repeated ones as a list, without those of a single connection */
function headers(raw) {
  // no prototype: names come from clients
  const named = Object.create(null);
  for (let i = 0; i < raw.length; i += 2) {
    const [name, value] = [raw[i], raw[i + 1]];
    if (HOP_BY_HOP.has(name.toLowerCase())) continue;
    named[name] = named[name] === undefined ? value : [].concat(named[name], value);
  }
  return named;
}

/** @returns {string} the head of a request as it came, with the number of the engine that it is for */
function headOf({ method, url, rawHeaders }, index) {
  const lines = [`${method} ${url} HTTP/1.1`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i].toLowerCase() !== ENGINE) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  }
  return `${lines.join("\r\n")}\r\n${ENGINE}: ${index}\r\n\r\n`;
}

module.exports = { Sessions };
