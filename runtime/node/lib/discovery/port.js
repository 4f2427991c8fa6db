"use strict";

const http = require("http");
const { log } = require("../log.js");

const PATH = "/.well-known/socketio-servers";
const SOCKETS = 512;
// for a request, for its answer, and between two requests of a connection
const REQUEST_MS = 4000;
const RETRY_MS = 5000;
const METHODS = "GET, HEAD, OPTIONS";
// of pages that come from elsewhere; browsers ask before they send If-None-Match
const ANYBODY = { "access-control-allow-origin": "*", "access-control-expose-headers": "ETag" };
const PREFLIGHT = { "access-control-allow-methods": METHODS, "access-control-allow-headers": "If-None-Match", "access-control-max-age": "86400" };

/**
 * The HTTP server of the list, and of nothing else: unlike the side port it may be open to everybody. It keeps no process
 * alive, and the sockets, time and bytes that requests may take are limited.
 */
class DiscoveryPort {
  /**
   * @param {import("./index.js").Discovery} discovery
   * @param {{port: number, host?: string}} place
   */
  constructor(discovery, { port, host }) {
    this.discovery = discovery;
    this.place = { port, host, exclusive: true };
  }

  open() {
    const times = { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, keepAliveTimeout: REQUEST_MS };
    const server = http.createServer({ ...times, connectionsCheckingInterval: 1000, maxHeaderSize: 16384 }, (request, response) => {
      this.#answer(request, response).catch((error) => {
        log(`discovery port: ${error.message}`);
        response.destroy();
      });
    });
    Object.assign(server, { ...times, timeout: REQUEST_MS, maxConnections: SOCKETS, maxRequestsPerSocket: 100 });
    server.on("connection", (socket) => socket.unref());
    server.on("upgrade", (request, socket) => socket.destroy());
    server.on("clientError", (error, socket) => socket.destroy());
    server.on("error", (error) => this.#retry(server, error));
    server.listen(this.place, () => log(`discovery port ${this.place.port}: open`));
    server.unref();
  }

  #retry(server, error) {
    if (!this.reported) log(`discovery port ${this.place.port}: ${error.code || error.message}, tried again every ${RETRY_MS / 1000} s`);
    this.reported = true;
    setTimeout(() => server.listen(this.place).unref(), RETRY_MS).unref();
  }

  async #answer(request, response) {
    if (request.url.split("?", 1)[0] !== PATH) return last(response, 404);
    if (request.method === "OPTIONS") return response.writeHead(204, { ...ANYBODY, ...PREFLIGHT }).end();
    if (request.method !== "GET" && request.method !== "HEAD") return last(response, 405, { allow: METHODS });
    const known = request.headers["if-none-match"] || "";
    const { body, tag } = await this.discovery.list(known, waitOf(request.url), request.socket);
    const headers = { ...ANYBODY, etag: tag, "cache-control": "no-cache" };
    if (known === tag) return response.writeHead(304, headers).end();
    const text = `${JSON.stringify(body)}\n`;
    return response.writeHead(200, { ...headers, "content-type": "application/json", "content-length": Buffer.byteLength(text) }).end(text);
  }
}

/** Answers, and reads nothing more of the connection: a request that is refused may have a body. */
function last(response, status, headers = {}) {
  response.writeHead(status, { ...ANYBODY, ...headers, connection: "close", "content-length": 0 });
  response.end(() => response.socket && response.socket.destroySoon());
}

/** @returns {number} seconds; 0: the client does not want to wait */
function waitOf(url) {
  const seconds = Number(new URL(url, "http://x").searchParams.get("wait"));
  return seconds >= 1 ? seconds : 0;
}

module.exports = { DiscoveryPort };
