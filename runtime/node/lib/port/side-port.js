"use strict";

const http = require("http");
const { HttpPort, send } = require("./http-port.js");
const { isLoopback } = require("../control/listening.js");
const tunnel = require("../sessions/tunnel.js");

// idleMs: a peer may ask every 30 s
const LIMITS = Object.freeze({ sockets: 64, requestMs: 4000, idleMs: 120_000 });
const BODY_BYTES = 1024;
const YIELD = "/yield";
const YIELD_MS = 1000;
// answer -> when to try again, milliseconds: the port is free, or another process has it that speaks for this one as well
const WAITS = new Map([[200, 0], [409, 1000]]);

/** What probes, the operator and other pods ask the runtime. A connection stays open between its requests. */
class SidePort extends HttpPort {
  /**
   * @param {import("./routes.js").Routes} routes
   * @param {import("../settings.js").Settings} settings
   * @param {object} [parts]
   * @param {import("../sessions/index.js").Sessions} [parts.sessions]  takes requests from other pods
   * @param {() => boolean} [parts.yields]  whether this process has no Server: one of the same pod that has may have the port
   * @param {{sockets?: number, requestMs?: number, idleMs?: number}} [parts.limits]
   */
  constructor(routes, settings, { sessions, yields = () => false, limits = {} } = {}) {
    super("side port", settings, { ...LIMITS, ...limits });
    this.routes = routes;
    this.sessions = sessions;
    this.yields = yields;
    /** socket -> the answer that it waits for */
    this.busy = new Map();
    /** those that were answered and wait for their next request */
    this.kept = new Set();
    this.ending = false;
  }

  open() {
    const server = super.open();
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head).catch(() => socket.destroy()));
    server.on("connection", (socket) => socket.once("close", () => [this.busy, this.kept].forEach((place) => place.delete(socket))));
    this.server = server;
    return server;
  }

  /** Of several processes that listen, the one with a Server speaks for the pod. */
  async claim() {
    if (this.yields()) return undefined;
    return WAITS.get(await askToYield(this.place));
  }

  #yield(request, response) {
    if (request.method !== "POST" || !isLoopback(request.socket.remoteAddress) || !this.yields()) return send(response, 409, { error: "InUse" });
    this.server.close();
    this.end();
    this.tryAgain(this.server);
    return send(response, 200, { yielded: true });
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

  async answer(request, response) {
    this.#begin(request.socket, response);
    const path = request.url.split("?", 1)[0];
    if (path === YIELD) return this.#yield(request, response);
    const route = this.routes.get(path);
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

function beLast(response) {
  if (!response.headersSent) response.setHeader("connection", "close");
}

/** @returns {Promise<number | undefined>} the status of its answer, if the process that has the port gives one */
function askToYield({ host = "127.0.0.1", port }) {
  return new Promise((resolve) => {
    const request = http.request({ host, port, method: "POST", path: YIELD, agent: false, timeout: YIELD_MS }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => resolve(undefined));
    request.end();
  });
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
