"use strict";

const dns = require("dns");
const http = require("http");
const { inTime } = require("../in-time.js");

const ANSWER_MS = 1000;
const AT_ONCE = 16;
const BYTES = 256 * 1024;

/** Names of the pods, or addresses. While a name server is away what it said last holds. */
class Names {
  /** @param {string[]} names */
  constructor(names) {
    this.names = names;
    /** name -> its addresses */
    this.found = new Map();
    /** name -> its lookup that is not answered yet: each holds one of the few threads that the app has for such things */
    this.pending = new Map();
  }

  /** @returns {Promise<Set<string>>} the addresses behind the names */
  async addresses() {
    await inTime(Promise.all(this.names.map((name) => this.#lookUp(name))), ANSWER_MS);
    return new Set([...this.found.values()].flat());
  }

  #lookUp(name) {
    const lookup = this.pending.get(name) || dns.promises.lookup(name, { all: true }).then(
      (all) => this.found.set(name, all.map(({ address }) => address)),
      ({ code }) => code === "ENOTFOUND" && this.found.delete(name),
    ).finally(() => this.pending.delete(name));
    this.pending.set(name, lookup);
    return lookup;
  }
}

/** @returns {Promise<Map<string, object | undefined>>} ip -> what its side port says at /status; undefined: no answer */
async function askAll(ips, port) {
  const waiting = [...ips];
  const answers = new Map();
  const next = async () => {
    for (let ip = waiting.pop(); ip !== undefined; ip = waiting.pop()) answers.set(ip, await statusOf(ip, port));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return answers;
}

function statusOf(host, port) {
  return new Promise((resolve) => {
    let text = "";
    const request = http.get({ host, port, path: "/status", headers: { connection: "close" }, agent: false }, (response) => {
      response.on("data", (chunk) => {
        text += chunk;
        if (text.length > BYTES) request.destroy();
      });
      response.on("end", () => resolve(parsed(text)));
    });
    const late = setTimeout(() => request.destroy(), ANSWER_MS).unref();
    request.on("error", () => {});
    request.on("close", () => {
      clearTimeout(late);
      resolve(undefined);
    });
  });
}

function parsed(text) {
  try {
    const status = JSON.parse(text);
    return status && Number.isFinite(status.connections) ? status : undefined;
  } catch {
    return undefined;
  }
}

module.exports = { Names, askAll };
