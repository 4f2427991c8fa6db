"use strict";

const crypto = require("crypto");
const fs = require("fs");
const { addressOf } = require("./address.js");
const { log } = require("../log.js");

/** Gives the key to the workers of a pod that has no key file. */
const KEY = "SOCKETIO_RUNTIME_SESSION_KEY";
const NOWHERE = "0.0.0.0";

/**
 * @typedef {object} SessionSettings
 * @property {string} key       the key that session ids are sealed with
 * @property {string} address   where the pod's runtime is reached; of no use to others if there are no peers
 * @property {string[]} [peers] names of the headless Service, or addresses; undefined: no other pod is asked
 */

/** @returns {Readonly<SessionSettings> | undefined} undefined without a key: sessions are found in their own process alone */
function read(env, { port, tokenFile }) {
  const key = env[KEY] || keyOf(env.SOCKETIO_RUNTIME_SESSION_KEY_FILE);
  if (!key) return undefined;
  const ip = env.SOCKETIO_RUNTIME_ADDRESS;
  const names = peersOf(env);
  const peers = ip && port && tokenFile && names.length > 0 ? names : undefined;
  return Object.freeze({ key, address: addressOf(ip || NOWHERE, port || 0), peers });
}

/** @returns {string[]} names of the headless Service, or addresses */
function peersOf(env) {
  return (env.SOCKETIO_RUNTIME_PEERS || "").split(",").map((name) => name.trim()).filter(Boolean);
}

function keyOf(file) {
  if (!file) return undefined;
  try {
    return fs.readFileSync(file, "utf8").trim();
  } catch (error) {
    log(`session key file: ${error.code}, sessions are found in their own process alone`);
    return undefined;
  }
}

/** @returns {Record<string, string>} what workers get in their environment, so that they share a key */
function forWorkers({ sessions }) {
  return { [KEY]: sessions ? sessions.key : crypto.randomBytes(32).toString("hex") };
}

module.exports = { read, forWorkers, peersOf };
