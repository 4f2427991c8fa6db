"use strict";

const http = require("http");
const { log, guarded } = require("./log.js");
const tunnel = require("./sessions/tunnel.js");

const SOCKETS = 64;
// requestMs: for a request, and for its answer; idleMs: between two requests of a connection, whose peer may ask every 30 s
const LIMITS = Object.freeze({ requestMs: 4000, idleMs: 120_000 });
const BODY_BYTES = 1024;
const RETRY_MS = 5000;

/**
 * The runtime's own HTTP server. It keeps no process alive, and nothing sent to it can take more than a bounded share
 * of the app's process: sockets, time and bytes of a request are limited. A connection stays open between its requests.
 */
class SidePort {
  /**
   * @param {import("./routes.js").Routes} routes
   * @param {import("./settings.js").Settings} settings
   * @param {import("./sessions/index.js").Sessions} [sessions]  takes requests from other pods
   * @param {{requestMs: number, idleMs: number}} [limits]
   */
  constructor(routes, { port, host }, sessions, limits = LIMITS) {
    this.routes = routes;
    this.sessions = sessions;
    this.limits = limits;
    this.place = { port, host, exclusive: true };
    /** sockets that are open, the one that has waited longest first */
    this.sockets = new Set();
    /** socket -> the answer that it waits for */
    this.busy = new Map();
    /** those that were answered and wait for their next request */
    this.kept = new Set();
    this.ending = false;
  }

  open() {
    const { requestMs, idleMs } = this.limits;
    const times = { requestTimeout: requestMs, headersTimeout: requestMs, keepAliveTimeout: idleMs };
    const checked = { connectionsCheckingInterval: Math.min(requestMs, 1000), maxHeaderSize: 8192 };
    const server = http.createServer({ ...times, ...checked }, (request, response) => {
      this.#begin(request.socket, response);
      this.#answer(request, response).catch((error) => {
        log(`side port: ${request.method} failed: ${error.message}`);
        if (!response.headersSent) send(response, 500, { error: "InternalError" });
      });
    });
    Object.assign(server, { ...times, timeout: requestMs, maxRequestsPerSocket: 1000 });
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head).catch(() => socket.destroy()));
    server.on("connection", (socket) => guarded("side port", () => this.#accept(socket)));
    server.on("clientError", (error, socket) => socket.destroy());
    server.on("error", (error) => this.#retry(server, error));
    server.listen(this.place, () => log(`side port ${this.place.port}: open`));
    server.unref();
  }

  // When all places are taken the socket that has been silent longest goes: a flood of half-open connections cannot
  // keep a probe out.
  #accept(socket) {
    socket.unref();
    socket.once("close", () => [this.sockets, this.busy, this.kept].forEach((place) => place.delete(socket)));
    this.sockets.add(socket);
    if (this.sockets.size > SOCKETS) {
      const [oldest] = this.sockets;
      this.sockets.delete(oldest);
      oldest.destroy();
    }
  }

  // What has proven to be a pod of the cluster is under none of the limits here: it carries the requests of many clients.
  async #upgrade(request, socket, head) {
    const { sessions } = this;
    if (!sessions || !tunnel.isTunnel(request)) return socket.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n");
    if (!tunnel.isProven(request, sessions.address, await sessions.token.read())) return socket.end("HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n");
    this.sockets.delete(socket);
    this.kept.delete(socket);
    tunnel.accept(socket);
    return sessions.receiver.take(socket, head);
  }

  #begin(socket, response) {
    if (this.sockets.delete(socket)) this.sockets.add(socket);
    this.kept.delete(socket);
    this.busy.set(socket, response);
    response.once("close", () => this.busy.delete(socket) && this.kept.add(socket));
    if (this.ending) beLast(response);
  }

  /**
   * The process drains or ends: no connection is kept any more. Those that are being answered are closed afterwards; new
   * ones may be of another pod, whose clients' sessions live here.
   */
  end() {
    this.ending = true;
    for (const socket of this.kept) socket.destroy();
    for (const response of this.busy.values()) beLast(response);
  }

  #retry(server, error) {
    if (!this.reported) log(`side port ${this.place.port}: ${error.code || error.message}, tried again every ${RETRY_MS / 1000} s`);
    this.reported = true;
    setTimeout(() => server.listen(this.place).unref(), RETRY_MS).unref();
  }

  async #answer(request, response) {
    const route = this.routes.get(request.url.split("?", 1)[0]);
    if (!route) return send(response, 404, { error: "NotFound" });
    const method = request.method === "HEAD" ? "GET" : request.method;
    if (method !== route.method) return send(response, 405, { error: "MethodNotAllowed" }, { allow: route.method });
    if (route.method === "GET") return route.answer((status, body, headers) => send(response, status, body, headers));
    if (!(await route.authorized(request.headers.authorization))) return send(response, 401, { error: "Unauthorized" }, { "www-authenticate": "Bearer" });
    const body = await read(request);
    if (body === undefined) return send(response, 413, { error: "BodyTooLarge" });
    return route.answer((status, answer) => send(response, status, answer), body);
  }
}

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

function beLast(response) {
  if (!response.headersSent) response.setHeader("connection", "close");
}

/** @returns {Promise<string | undefined>} the body; undefined if it is too large */
async function read(request) {
  if (Number(request.headers["content-length"]) > BODY_BYTES) return undefined;
  const chunks = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    request.on("data", (chunk) => {
      size += chunk.length;
      if (size <= BODY_BYTES) return chunks.push(chunk);
      request.pause();
      return resolve(undefined);
    });
    request.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    request.on("error", reject);
    request.on("close", () => reject(new Error("the request was cut off")));
  });
}

module.exports = { SidePort, LIMITS };
