"use strict";

const { log } = require("./log.js");
const { plainIp } = require("./sessions/address.js");
const sessions = require("./sessions/settings.js");

const ADAPTERS = ["redis", "redis-sharded", "redis-streams", "postgres", "mongo", "none"];
const BALANCING = ["least-connection", "round-robin", "random"];
const ADMIN_MODES = ["production", "development"];
const TRANSPORTS = ["polling", "websocket", "webtransport"];

/**
 * What the environment asks for. A variable that is absent or not understood is `undefined` (the latter is logged).
 * @typedef {object} Settings
 * @property {string} adapter             one of ADAPTERS
 * @property {string} [brokerUrl]         may hold a password: never log it
 * @property {string} [brokerCaFile]      certificates, as PEM, of the authority that the broker's is signed by
 * @property {string} prefix              prefix of channels, streams and session keys
 * @property {object} engine              engine options by Socket.IO's names: milliseconds, bytes, list of transports
 * @property {number} [connectTimeout]    milliseconds
 * @property {number} [recoveryMs]        longest disconnection after which a session is recovered, milliseconds
 * @property {number} [port]              side port
 * @property {string} [host]              address of the side port, all addresses by default
 * @property {string} [tokenFile]         file with the bearer token
 * @property {number} [maxConnections]
 * @property {number} [drainSeconds]      undefined: signals are left to the app
 * @property {number} workers             processes that serve, 1 by default
 * @property {string} balancing           one of BALANCING
 * @property {number} [appPort]           where routers look for the app
 * @property {boolean} mirror             whether sessions are stored while they live, where the adapter can
 * @property {import("./sessions/settings.js").SessionSettings} [sessions]
 * @property {string} [address]           of this pod, an IP
 * @property {boolean} heartbeats         whether pods show each other by the adapter that they are there
 * @property {{url: string, port: number, peers: string[]}} [discovery]  where clients are told of servers, the URL's template, and where they are found
 * @property {AdminUi} [adminUi]
 * @property {number} exitSeconds         time for the app's own SIGTERM handlers to end the process
 */

/**
 * What the admin UI of Socket.IO may see and do. `mode`: as `instrument` of @socket.io/admin-ui takes it.
 * @typedef {{passwordFile: string, username: string, readOnly: boolean, mode: "production" | "development"}} AdminUi
 */

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Readonly<Settings>}
 */
function read(env) {
  const number = (name, least, most, kind = Number.isFinite, what = "a number") => parse(env, name, (text) => {
    const value = Number(text);
    return kind(value) && value >= least && value <= most ? value : undefined;
  }, `${what} from ${least} to ${most}`);
  const list = (name, allowed) => parse(env, name, (text) => {
    const values = text.split(",").map((value) => value.trim()).filter(Boolean);
    return values.length > 0 && values.every((value) => allowed.includes(value)) ? values : undefined;
  }, `a comma list of ${allowed.join(", ")}`);
  const oneOf = (name, allowed) =>
    parse(env, name, (text) => (allowed.includes(text) ? text : undefined), `one of ${allowed.join(", ")}`);
  const day = 86_400_000;
  const port = number("SOCKETIO_RUNTIME_PORT", 1, 65535);
  const tokenFile = env.SOCKETIO_RUNTIME_TOKEN_FILE || undefined;
  return Object.freeze({
    adapter: oneOf("SOCKETIO_ADAPTER", ADAPTERS) || "none",
    brokerUrl: env.SOCKETIO_RUNTIME_BROKER_URL || undefined,
    brokerCaFile: env.SOCKETIO_RUNTIME_BROKER_CA_FILE || undefined,
    prefix: env.SOCKETIO_ADAPTER_PREFIX || "socket.io",
    engine: Object.freeze({
      pingInterval: number("SOCKETIO_PING_INTERVAL", 1, day),
      pingTimeout: number("SOCKETIO_PING_TIMEOUT", 1, day),
      maxHttpBufferSize: number("SOCKETIO_MAX_HTTP_BUFFER_SIZE", 1, 2 ** 31),
      transports: list("SOCKETIO_TRANSPORTS", TRANSPORTS),
    }),
    connectTimeout: number("SOCKETIO_CONNECT_TIMEOUT", 1, day),
    recoveryMs: number("SOCKETIO_RECOVERY_MS", 1, 7 * day),
    port,
    host: env.SOCKETIO_RUNTIME_HOST || undefined,
    tokenFile,
    maxConnections: number("SOCKETIO_MAX_CONNECTIONS", 1, 1e9),
    drainSeconds: number("SOCKETIO_DRAIN_SECONDS", 0, 3600),
    workers: number("SOCKETIO_WORKERS", 1, 64, Number.isInteger, "a whole number") ?? 1,
    balancing: oneOf("SOCKETIO_WORKERS_BALANCING", BALANCING) || BALANCING[0],
    appPort: number("SOCKETIO_RUNTIME_APP_PORT", 1, 65535),
    mirror: oneOf("SOCKETIO_RUNTIME_MIRROR", ["on", "off"]) !== "off",
    sessions: sessions.read(env, { port, tokenFile }),
    address: plainIp(env.SOCKETIO_RUNTIME_ADDRESS),
    heartbeats: oneOf("SOCKETIO_RUNTIME_HEARTBEATS", ["on", "off"]) !== "off",
    discovery: discoveryOf(env, port, number("SOCKETIO_RUNTIME_DISCOVERY_PORT", 1, 65535)),
    adminUi: adminUiOf(env, oneOf),
    exitSeconds: number("SOCKETIO_EXIT_SECONDS", 0, 3600) ?? 10,
  });
}

function discoveryOf(env, sidePort, port) {
  const url = env.SOCKETIO_RUNTIME_DISCOVERY_URL;
  const peers = sessions.peersOf(env);
  return url && port && sidePort && peers.length > 0 ? Object.freeze({ url, port, peers }) : undefined;
}

function adminUiOf(env, oneOf) {
  const passwordFile = env.SOCKETIO_RUNTIME_ADMIN_PASSWORD_FILE;
  if (!passwordFile) return undefined;
  return Object.freeze({
    passwordFile,
    username: env.SOCKETIO_RUNTIME_ADMIN_USERNAME || "admin",
    readOnly: oneOf("SOCKETIO_RUNTIME_ADMIN_READ_ONLY", ["on", "off"]) !== "off",
    mode: oneOf("SOCKETIO_RUNTIME_ADMIN_MODE", ADMIN_MODES) || ADMIN_MODES[0],
  });
}

function parse(env, name, convert, expected) {
  const text = (env[name] || "").trim();
  if (text === "") return undefined;
  const value = convert(text);
  if (value === undefined) log(`${name} is not ${expected}: ignored`);
  return value;
}

module.exports = { read };
