"use strict";

const crypto = require("crypto");
const { addressOf, partsOf } = require("../sessions/address.js");

// After the first silence what a server said before still counts; it may only be busy.
const SILENCES = 2;

/** @returns {string} the URL of the server at that IP, by the template: {address} and {dashed} stand for it */
function urlOf(template, ip) {
  const host = addressOf(ip, 0).slice(0, -2);
  return template.replace("{address}", () => host).replace("{dashed}", () => partsOf(`${host}:0`).ip.replace(/[.:]/g, "-"));
}

/**
 * What is told to clients. `tag` names the body exactly, as `URLS-WEIGHTS`: `urls` alone changes when servers come or go.
 * @param {{url: string, connections: number}[]} servers   those that take new sessions
 * @param {number} [limit]                                 of a server's connections
 * @returns {{text: Buffer, urls: string, tag: string}}  text: JSON {"servers": [{"url", "weight"}]}
 */
function listOf(servers, limit) {
  const most = Math.max(0, ...servers.map(({ connections }) => connections));
  const room = limit === undefined ? most + 1 : limit;
  const listed = servers.map(({ url, connections }) => ({ url, weight: Math.max(1, Math.floor(room - connections)) }));
  listed.sort((one, other) => (one.url < other.url ? -1 : 1));
  const urls = hashOf(listed.map(({ url }) => url));
  const text = Buffer.from(`${JSON.stringify({ servers: listed })}\n`);
  return { text, urls, tag: `"${urls}-${hashOf(listed.map(({ weight }) => weight))}"` };
}

function hashOf(value) {
  return crypto.createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}

/** Keeps what servers said last, and forgets those that say nothing any more. */
class Heard {
  constructor() {
    /** ip -> {status, silences} */
    this.servers = new Map();
  }

  /** @param {Map<string, object | undefined>} answers  ip -> /status of the server, undefined if it did not answer */
  take(answers) {
    const before = this.servers;
    this.servers = new Map();
    for (const [ip, status] of answers) {
      const last = before.get(ip);
      const silences = status ? 0 : (last ? last.silences : SILENCES) + 1;
      if (silences < SILENCES) this.servers.set(ip, { status: status || last.status, silences });
    }
  }

  /** @returns {[string, object][]} ip and status of those that take new sessions */
  serving() {
    return [...this.servers].map(([ip, { status }]) => [ip, status]).filter(([, { ready, draining }]) => ready && !draining);
  }
}

module.exports = { Heard, listOf, urlOf };
