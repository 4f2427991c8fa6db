"use strict";

const { log } = require("../log.js");

const VARIABLES = {
  pingInterval: "SOCKETIO_PING_INTERVAL",
  pingTimeout: "SOCKETIO_PING_TIMEOUT",
  maxHttpBufferSize: "SOCKETIO_MAX_HTTP_BUFFER_SIZE",
  transports: "SOCKETIO_TRANSPORTS",
  connectTimeout: "SOCKETIO_CONNECT_TIMEOUT",
  connectionStateRecovery: "SOCKETIO_RECOVERY_MS",
};
const DEFAULT_CONNECT_TIMEOUT = 45_000;

/**
 * Engine options for `Server.attach`: what the app gave, with the settings filled in where it gave nothing.
 * The app's own objects are not changed.
 * @param {{io: object, appOptions: Set<string>}} managed
 * @param {object} [given]  second argument of `attach`
 * @param {import("../settings.js").Settings} settings
 * @returns {object}
 */
function engineOptions(managed, given, settings) {
  const ofServer = managed.io.opts || {};
  const merged = { ...given };
  for (const [name, value] of Object.entries(settings.engine)) {
    const own = ofServer[name] !== undefined ? ofServer[name] : merged[name];
    if (value === undefined) continue;
    if (own === undefined) merged[name] = value;
    else keep(managed, name, own);
  }
  applyConnectTimeout(managed, ofServer, settings.connectTimeout);
  return merged;
}

// `connectTimeout` is read by the Server's constructor, before anything of ours could fill it in: set it afterwards,
// unless the app chose another value by option or by method.
function applyConnectTimeout(managed, ofServer, value) {
  const { io } = managed;
  if (value === undefined || managed.connectTimeoutApplied) return;
  const own = ofServer.connectTimeout || (io.connectTimeout() !== DEFAULT_CONNECT_TIMEOUT ? io.connectTimeout() : undefined);
  if (own !== undefined) return keep(managed, "connectTimeout", own);
  managed.connectTimeoutApplied = true;
  io.connectTimeout(value);
}

/** Notes that an option is the app's own choice, and says so once. */
function keep(managed, name, own) {
  if (managed.appOptions.has(name)) return;
  managed.appOptions.add(name);
  log(`option ${name}: the app's own ${JSON.stringify(own)} is kept, ${VARIABLES[name]} is not applied`);
}

module.exports = { engineOptions, keep };
