"use strict";

const { Heard, listOf, urlOf } = require("./list.js");
const { addressesOf, askAll } = require("./ask.js");
const { DiscoveryPort } = require("./port.js");

const EVERY_MS = 1000;
// without a question for that long nobody is asked any more
const REST_MS = 60_000;
const LONGEST_SECONDS = 60;
// of the port's 512 connections; who comes when so many wait gets an answer at once
const WAITING = 256;

/**
 * Tells clients which servers take new sessions. Only while somebody asks does it ask DNS and the pods, once a second.
 */
class Discovery {
  /**
   * @param {import("../settings.js").Settings} settings  `port`: where the pods tell of themselves
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

  /**
   * At once; or, if the client knows the servers that there are, when some come or go, or after so many seconds.
   * @param {string} known   the ETag that the client has
   * @param {number} seconds
   * @param {import("net").Socket} socket  of the client
   */
  async list(known, seconds, socket) {
    this.asked = Date.now();
    if (!this.current) await this.#begin();
    const waits = seconds > 0 && this.waiting.size < WAITING && known.startsWith(`"${this.current.urls}-`);
    if (waits) await this.#change(Math.min(seconds, LONGEST_SECONDS), socket);
    return this.current || listOf([]);
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
        this.current = undefined;
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
    const before = this.current;
    this.current = listOf(servers, this.maxConnections);
    if (before && before.urls !== this.current.urls) for (const wake of [...this.waiting]) wake();
  }

  // The port ends a connection that is silent for longer than a request may take: one that waits is not.
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

/** Opens the port of the list, if clients are to be told of servers. */
function openDiscovery(settings) {
  if (settings.discovery) new DiscoveryPort(new Discovery(settings), { port: settings.discovery.port, host: settings.host }).open();
}

module.exports = { openDiscovery };
