// What the environment says. The SocketIOCluster operator sets these variables; each has the default of Socket.IO.
import { hostname } from "node:os";

const ADAPTERS = ["redis", "redis-streams", "none"];
const TRANSPORTS = ["polling", "websocket"];

/** The settings of one server process. Throws an Error that names the variable when a value makes no sense. */
export function readSettings(env) {
  const recoveryMs = wholeNumber(env, "SOCKETIO_RECOVERY_MS");
  return {
    pod: env.HOSTNAME || hostname(),
    node: env.NODE_NAME || null,
    port: wholeNumber(env, "PORT") ?? 3000,
    redisUrl: env.REDIS_URL || null,
    adapter: oneOf(env, "SOCKETIO_ADAPTER", ADAPTERS) ?? "redis",
    // Absent keys keep the default of Socket.IO, hence no undefined values here.
    engine: withoutUndefined({
      path: env.SOCKETIO_PATH || "/socket.io",
      pingInterval: wholeNumber(env, "SOCKETIO_PING_INTERVAL"),
      pingTimeout: wholeNumber(env, "SOCKETIO_PING_TIMEOUT"),
      connectTimeout: wholeNumber(env, "SOCKETIO_CONNECT_TIMEOUT"),
      maxHttpBufferSize: wholeNumber(env, "SOCKETIO_MAX_HTTP_BUFFER_SIZE"),
      transports: listOf(env, "SOCKETIO_TRANSPORTS", TRANSPORTS),
      // Without skipMiddlewares: false a recovered session would go around authentication.
      connectionStateRecovery: recoveryMs && { maxDisconnectionDuration: recoveryMs, skipMiddlewares: false },
    }),
  };
}

function wholeNumber(env, name) {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  if (!/^\d{1,12}$/.test(text)) throw new Error(`${name} must be a whole number, not "${text}"`);
  return Number(text);
}

function oneOf(env, name, allowed) {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  if (!allowed.includes(text)) throw new Error(`${name} must be one of ${allowed.join(", ")}, not "${text}"`);
  return text;
}

function listOf(env, name, allowed) {
  if (!env[name]) return undefined;
  return env[name].split(",").map((item) => oneOf({ [name]: item.trim() }, name, allowed));
}

function withoutUndefined(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
