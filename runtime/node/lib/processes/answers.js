"use strict";

const { version } = require("../../package.json");

/**
 * What a process says of itself to the one that speaks for the pod: question -> what answers it.
 * @param {object} about
 * @param {import("../control/drain.js").Drain} about.drain
 * @param {import("../control/readiness.js").Readiness} about.readiness
 * @param {import("../port/metrics.js").Metrics} about.metrics
 * @param {import("../servers/index.js").Servers} about.servers
 * @param {import("../truth/traffic.js").Traffic} about.traffic
 * @param {string} about.adapter  the one asked for
 * @returns {Map<string, (body: any) => unknown>}
 */
function answersOf({ drain, readiness, metrics, servers, traffic, adapter }) {
  const state = () => ({ ...readiness.state(), draining: drain.draining, connections: servers.connections() });
  return new Map([
    ["state", state],
    // addresses of clients go to that process and no further
    ["status", () => ({ ...describeProcess(), ...state(), traffic: traffic.buckets(), adapterAsked: adapter, servers: [...servers].map(describe) })],
    ["metrics", () => metrics.values()],
    ["drain", ({ seconds, terminating, after }) => void drain.start(seconds, terminating, after)],
    ["terminating", () => void (drain.terminating = true)],
    ["shed", ({ count, seconds }) => drain.shed(count, seconds)],
  ]);
}

/** @returns {{runtime: string, node: string, pid: number}} */
function describeProcess() {
  return { runtime: version, node: process.versions.node, pid: process.pid };
}

function describe(server) {
  return {
    socketio: server.versionName,
    adapter: { owner: server.adapterOwner, name: server.adapterName, ...(server.broker ? server.broker.state() : {}) },
    recovery: server.recovery,
    ...(server.skipsMiddlewares && { skipsMiddlewares: true }),
    ...(server.feathersUnsynced && { feathersUnsynced: true }),
    appOptions: [...server.appOptions],
    listening: server.listening(),
    connections: server.connections(),
    ...(server.truth ? server.truth.state() : {}),
  };
}

module.exports = { answersOf, describeProcess };
