"use strict";

const dns = require("dns");
const http = require("http");
const { inTime } = require("../in-time.js");

const ANSWER_MS = 1000;
const AT_ONCE = 16;
const BYTES = 256 * 1024;

/** @returns {Promise<Set<string> | undefined>} the addresses behind the names; undefined if no name server answers */
async function addressesOf(names) {
  const found = await Promise.all(names.map(lookUp));
  return found.every((addresses) => addresses === undefined) ? undefined : new Set(found.flatMap((addresses) => addresses || []));
}

async function lookUp(name) {
  let found;
  await inTime(dns.promises.lookup(name, { all: true }).then(
    (all) => (found = all.map(({ address }) => address)),
    ({ code }) => (found = code === "ENOTFOUND" ? [] : undefined),
  ), ANSWER_MS);
  return found;
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

module.exports = { addressesOf, askAll };
