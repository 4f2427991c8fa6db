"use strict";

const { Heard, listOf, urlOf } = require("./list.js");
const { addressesOf, askAll } = require("./ask.js");

const PATH = "/.well-known/socketio-servers";
const EVERY_MS = 1000;
// without a question for that long nobody is asked any more
const REST_MS = 60_000;
const LONGEST_SECONDS = 60;
// of the side port's 64 connections; one that comes when all are taken gets its answer at once
const WAITING = 32;

/**
 * Tells clients which servers take new sessions. Only while somebody asks does it ask DNS and the pods, once a second.
 */
class Discovery {
  /**
   * @param {{discovery: {url: string, peers: string[]}, port: number, maxConnections?: number}} settings
   */
  constructor({ discovery, port, maxConnections }) {
    Object.assign(this, discovery);
    this.port = port;
    this.maxConnections = maxConnections;
    this.heard = new Heard();
    this.addresses = new Set();
    this.asked = 0;
    /** called when servers have come or gone */
    this.waiting = new Set();
  }

  /** Answers once: at once, or when servers come or go after those that the client knows. */
  async answer(send, request) {
    this.asked = Date.now();
    if (!this.list) await this.#begin();
    const known = request.headers["if-none-match"] || "";
    const seconds = waitOf(request.url);
    if (seconds && known.startsWith(`"${this.list.urls}-`) && this.waiting.size < WAITING) await this.#change(seconds, request.socket);
    const { body, tag } = this.list || listOf([]);
    const headers = { etag: tag, "cache-control": "no-cache", "access-control-allow-origin": "*", "access-control-expose-headers": "ETag", connection: "close" };
    return known === tag ? send(304, "", headers) : send(200, body, headers);
  }

  #begin() {
    this.beginning = this.beginning || this.#look().then(() => {
      this.beginning = undefined;
      this.#goOn();
    });
    return this.beginning;
  }

  #goOn() {
    setTimeout(async () => {
      if (this.waiting.size === 0 && Date.now() - this.asked > REST_MS) {
        this.list = undefined;
        return;
      }
      await this.#look();
      this.#goOn();
    }, EVERY_MS).unref();
  }

  async #look() {
    // a name server that is away for a moment takes nobody away
    this.addresses = (await addressesOf(this.peers)) || this.addresses;
    this.heard.take(await askAll(this.addresses, this.port));
    const servers = this.heard.serving().map(([ip, { connections }]) => ({ url: urlOf(this.url, ip), connections }));
    const before = this.list;
    this.list = listOf(servers, this.maxConnections);
    if (before && before.urls !== this.list.urls) for (const wake of [...this.waiting]) wake();
  }

  // The side port ends a connection that is silent for longer than a request may take: one that waits is not.
  #change(seconds, socket) {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(late);
        socket.removeListener("close", wake);
        this.waiting.delete(wake);
        resolve();
      };
      const late = setTimeout(wake, seconds * 1000).unref();
      socket.setTimeout((seconds + 5) * 1000);
      socket.once("close", wake);
      this.waiting.add(wake);
    });
  }
}

/** @returns {number} seconds; 0: the client does not want to wait */
function waitOf(url) {
  const seconds = Number(new URL(url, "http://x").searchParams.get("wait"));
  return seconds >= 1 ? Math.min(seconds, LONGEST_SECONDS) : 0;
}

/** @returns {[string, object][]} the route, if clients are to be told of servers */
function discoveryRoutes(settings) {
  if (!settings.discovery) return [];
  const discovery = new Discovery(settings);
  return [[PATH, { method: "GET", answer: (send, body, request) => discovery.answer(send, request) }]];
}

module.exports = { discoveryRoutes };
