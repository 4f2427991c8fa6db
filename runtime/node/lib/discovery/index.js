"use strict";

const { log } = require("../log.js");
const { Heard, listOf, urlOf } = require("./list.js");
const { Names, askAll } = require("./ask.js");
const { DiscoveryPort } = require("./port.js");

const EVERY_MS = 1000;
// more than a hundred servers are asked less often: each of them no more than a hundred times a second
const EACH_MS = 10;
// without a question for that long nobody is asked any more
const REST_MS = 60_000;

/**
 * Knows which servers take new sessions. Only while somebody asks does it ask DNS and the pods, once a second.
 */
class Discovery {
  /**
   * @param {import("../settings.js").Settings} settings  `port`: where the pods tell of themselves
   */
  constructor({ discovery, port, maxConnections }) {
    this.url = discovery.url;
    this.names = new Names(discovery.peers);
    this.port = port;
    this.maxConnections = maxConnections;
    this.addresses = new Set();
    this.asked = 0;
    /** called when servers have come or gone */
    this.waiting = new Set();
  }

  /** @returns {Promise<ReturnType<typeof listOf>>} as it is now, at once unless nobody has asked for a while */
  async list() {
    this.asked = Date.now();
    if (!this.current) await this.#begin();
    return this.current || listOf([]);
  }

  /** Resolves when there are other servers than those, the time is over, or the client is gone. */
  change(urls, seconds, socket) {
    if (!this.current || this.current.urls !== urls) return undefined;
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(late);
        socket.removeListener("close", wake);
        this.waiting.delete(wake);
        resolve();
      };
      const late = setTimeout(wake, seconds * 1000).unref();
      socket.once("close", wake);
      this.waiting.add(wake);
    });
  }

  #begin() {
    if (this.beginning) return this.beginning;
    // what was heard before the rest is old
    this.heard = new Heard();
    this.beginning = this.#look().then(() => {
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
    }, Math.max(EVERY_MS, EACH_MS * this.addresses.size)).unref();
  }

  // What fails is tried again with the next look, and is no error of the app.
  async #look() {
    try {
      this.addresses = await this.names.addresses();
      this.heard.take(await askAll(this.addresses, this.port));
      const servers = this.heard.serving().map(([ip, { connections }]) => ({ url: urlOf(this.url, ip), connections }));
      this.#set(listOf(servers, this.maxConnections));
    } catch (error) {
      if (!this.reported) log(`discovery: ${error.message}`);
      this.reported = true;
    }
  }

  #set(list) {
    const before = this.current;
    this.current = list;
    if (before && before.urls !== list.urls) for (const wake of [...this.waiting]) wake();
  }
}

/** Opens the port of the list, if clients are to be told of servers. */
function openDiscovery(settings) {
  const { discovery, host, port: sidePort, appPort } = settings;
  if (!discovery) return;
  const { port } = discovery;
  // it would be taken from the app, which listens later
  if (port === sidePort || port === appPort) log(`discovery port ${port}: taken by the ${port === appPort ? "app" : "side port"}, clients are told of no servers`);
  else new DiscoveryPort(new Discovery(settings), { port, host }).open();
}

module.exports = { openDiscovery };
