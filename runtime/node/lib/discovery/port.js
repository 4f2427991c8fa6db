"use strict";

const { HttpPort } = require("../port/http-port.js");

const PATH = "/.well-known/socketio-servers";
// who waits keeps its place: neither a flood of connections nor a slow client takes it
const WAITING = 1024;
const LIMITS = Object.freeze({ sockets: 1280, requestMs: 4000, idleMs: 4000 });
const LONGEST_SECONDS = 60;
const METHODS = "GET, HEAD, OPTIONS";
// a proxy that compresses makes the tag a weak one
const TAG = /"(?<urls>[0-9a-f]{16})-[0-9a-f]{16}"/;
// of pages that come from elsewhere; browsers ask before they send If-None-Match
const ANYBODY = { "access-control-allow-origin": "*", "access-control-expose-headers": "ETag" };
const PREFLIGHT = { "access-control-allow-methods": METHODS, "access-control-allow-headers": "If-None-Match", "access-control-max-age": "86400" };

/** The HTTP server of the list, and of nothing else: unlike the side port it may be open to everybody. */
class DiscoveryPort extends HttpPort {
  /**
   * @param {{list: Function, change: Function}} discovery  a Discovery
   * @param {{port: number, host?: string}} place
   */
  constructor(discovery, place) {
    super("discovery port", place, LIMITS);
    this.discovery = discovery;
    /** sockets of those who wait, until they are closed */
    this.waiting = new Set();
  }

  places() {
    return super.places() - this.waiting.size;
  }

  async answer(request, response) {
    const { socket, method } = request;
    // who waits has asked all that it may
    if (this.waiting.has(socket)) return socket.destroy();
    if (request.url.split("?", 1)[0] !== PATH) return last(response, 404);
    if (method === "OPTIONS") return response.writeHead(204, { ...ANYBODY, ...PREFLIGHT }).end();
    if (method !== "GET" && method !== "HEAD") return last(response, 405, { allow: METHODS });
    if (hasBody(request)) return last(response, 413);
    const { 0: known, groups } = TAG.exec(request.headers["if-none-match"] || "") || [];
    const seconds = waitOf(request.url);
    let list = await this.discovery.list();
    if (seconds && groups && groups.urls === list.urls && this.#takePlace(socket, response)) {
      await this.discovery.change(list.urls, seconds, socket);
      socket.setTimeout(LIMITS.requestMs);
      list = await this.discovery.list();
    }
    const headers = { ...ANYBODY, etag: list.tag, "cache-control": "no-cache" };
    if (known === list.tag) return response.writeHead(304, headers).end();
    return response.writeHead(200, { ...headers, "content-type": "application/json", "content-length": list.text.length }).end(list.text);
  }

  // The place is kept until the socket is closed: when all are answered at once they do not push each other out.
  #takePlace(socket, response) {
    if (this.waiting.size >= WAITING || socket.destroyed) return false;
    this.sockets.delete(socket);
    this.waiting.add(socket);
    socket.once("close", () => this.waiting.delete(socket));
    response.setHeader("connection", "close");
    socket.setTimeout(0);
    return true;
  }
}

/** Answers, and reads nothing more of the connection: a request that is refused may have a body. */
function last(response, status, headers = {}) {
  response.writeHead(status, { ...ANYBODY, ...headers, connection: "close", "content-length": 0 });
  response.end(() => response.socket && response.socket.destroySoon());
}

function hasBody({ headers }) {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] || 0) !== 0;
}

/** @returns {number} seconds; 0: the client does not want to wait */
function waitOf(url) {
  const seconds = Number(new URLSearchParams(url.split("?")[1]).get("wait"));
  return seconds >= 1 ? Math.min(seconds, LONGEST_SECONDS) : 0;
}

module.exports = { DiscoveryPort };
