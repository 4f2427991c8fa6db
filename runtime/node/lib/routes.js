"use strict";

const { windows } = require("./traffic.js");
const { version } = require("../package.json");

const LONGEST_SECONDS = 3600;
const HIGHEST_COUNT = 1e6;

/**
 * Path -> what answers there. `answer(send, body)`: send(status, body, headers) replies once.
 * @typedef {Map<string, {method: string, answer: Function, authorized?: (header?: string) => Promise<boolean>}>} Routes
 */

/**
 * @param {import("./runtime.js").Runtime} runtime
 * @returns {Routes}
 */
function routes(runtime) {
  const authorized = (header) => runtime.token.allows(header);
  return new Map([
    ["/healthz", { method: "GET", answer: (send) => send(200, { alive: true }) }],
    ["/readyz", { method: "GET", answer: (send) => ready(send, runtime.readiness.state()) }],
    ["/serving", { method: "GET", answer: (send) => serving(send, runtime.drain.draining, runtime.readiness.state()) }],
    ["/metrics", { method: "GET", answer: (send) => metrics(send, runtime) }],
    ["/status", { method: "GET", answer: (send) => send(200, status(runtime)) }],
    ["/drain", { method: "POST", authorized, answer: (send, body) => drain(send, body, runtime) }],
    ["/shed", { method: "POST", authorized, answer: (send, body) => shed(send, body, runtime) }],
  ]);
}

function ready(send, state) {
  return send(state.ready ? 200 : 503, state);
}

/**
 * For proxies that keep the sessions of a server which answers 404 and give it no new ones (HAProxy's disable-on-404).
 * Unlike /readyz it tells of a drain at the pod's end too: such a proxy goes on to reach the pod.
 */
function serving(send, draining, state) {
  if (draining) return send(404, { serving: false, draining: true });
  return send(state.ready ? 200 : 503, { serving: state.ready, draining: false });
}

async function metrics(send, runtime) {
  const { type, text } = await runtime.metrics.expose();
  return send(200, text, { "content-type": type });
}

function status(runtime) {
  return {
    runtime: version,
    node: process.versions.node,
    pid: process.pid,
    ...runtime.readiness.state(),
    draining: runtime.drain.draining,
    connections: runtime.connections(),
    traffic: windows([runtime.traffic.buckets()]),
    adapterAsked: runtime.settings.adapter,
    servers: [...runtime.servers.values()].map((server) => ({
      socketio: server.versionName,
      adapter: { owner: server.adapterOwner, name: server.adapterName, ...(server.broker ? server.broker.state() : {}) },
      recovery: server.recovery,
      appOptions: [...server.appOptions],
      listening: server.listening(),
      connections: server.connections(),
      ...(server.truth ? server.truth.state() : {}),
    })),
  };
}

function drain(send, body, runtime) {
  const asked = drainAsked(body);
  if (asked.error) return send(400, asked);
  if (asked.terminating) runtime.drain.terminating = true;
  if (runtime.drain.draining) return send(409, { error: "AlreadyDraining" });
  const connections = runtime.connections();
  runtime.drain.start(asked.seconds, asked.terminating, asked.after);
  return send(202, { draining: true, connections, seconds: asked.seconds });
}

function shed(send, body, runtime) {
  const asked = shedAsked(body);
  if (asked.error) return send(400, asked);
  const connections = runtime.connections();
  if (!runtime.drain.shed(asked.count, asked.seconds)) return send(409, { error: "AlreadyClosingConnections" });
  return send(202, { count: Math.min(asked.count, connections), connections, seconds: asked.seconds });
}

/** @returns {{seconds: number, after: number, terminating: boolean} | {error: string, message: string}} what a POST to /drain asks for */
function drainAsked(body) {
  const asked = numbersOf(body, { seconds: LONGEST_SECONDS, after: LONGEST_SECONDS }, { after: 0 });
  return asked.error ? asked : { ...asked, terminating: JSON.parse(body).terminating === true };
}

/** @returns {{count: number, seconds: number} | {error: string, message: string}} what a POST to /shed asks for */
function shedAsked(body) {
  const asked = numbersOf(body, { count: HIGHEST_COUNT, seconds: LONGEST_SECONDS });
  return asked.error || Number.isInteger(asked.count) ? asked : { error: "BadRequest", message: "count is not a whole number" };
}

/** @returns {object} the numbers of that name, each from 0 to its bound, or as left out; or {error, message} */
function numbersOf(body, bounds, leftOut = {}) {
  let value;
  try {
    value = JSON.parse(body);
  } catch {
    return { error: "BadRequest", message: "the body is not JSON" };
  }
  const numbers = {};
  for (const [name, most] of Object.entries(bounds)) {
    const number = value && (value[name] ?? leftOut[name]);
    if (!(typeof number === "number" && number >= 0 && number <= most)) {
      return { error: "BadRequest", message: `${name} is not a number from 0 to ${most}` };
    }
    numbers[name] = number;
  }
  return numbers;
}

module.exports = { routes, serving, status, drainAsked, shedAsked };
