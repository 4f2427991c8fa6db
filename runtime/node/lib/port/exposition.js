"use strict";

const { Registry, Gauge, Counter, collectDefaultMetrics } = require("prom-client");
const { NAME } = require("../truth/name.js");

// prom-client's own, without the one that observes each garbage collection: under load it alone took 4 % of the
// processor time and 17 MiB (bench/cost.js), more than everything else here.
const PROCESS_METRICS = collectDefaultMetrics.metricsList.filter((name) => name !== "gc");
const LAG = { eventLoopMonitoringPrecision: 10 };

/**
 * The registry behind /metrics. Values are read at each scrape.
 * @param {object} metrics  what was counted
 * @param {object} about
 * @param {import("../servers/index.js").Servers} about.servers
 * @param {string} about.adapter  the one asked for
 * @param {() => boolean} about.draining
 * @returns {Registry}
 */
function registry(metrics, { servers, adapter, draining }) {
  const register = new Registry();
  for (const name of PROCESS_METRICS) require(`prom-client/lib/metrics/${name}`)(register, LAG);
  // aggregator: how the values of several processes become one
  const gauge = (name, help, read, aggregator = "sum") =>
    new Gauge({ name, help, aggregator, registers: [register], collect() { this.set(read()); } });
  const counter = (name, help, read, labelNames = []) => new Counter({
    name, help, labelNames, registers: [register],
    collect() {
      this.reset();
      for (const [labels, value] of read()) this.inc(labels, value);
    },
  });
  const byNamespace = (counts) => () => [...counts].map(([namespace, value]) => [{ namespace }, value]);

  gauge("socket_io_connected", "Sockets connected now, in all namespaces", () => sockets(servers));
  counter("socket_io_connect_total", "Sockets that connected", byNamespace(metrics.connects), ["namespace"]);
  counter("socket_io_disconnect_total", "Sockets that disconnected", byNamespace(metrics.disconnects), ["namespace"]);
  counter("socket_io_events_received_total", "Events received from clients", () => metrics.receivedEvents(), ["event", "namespace"]);
  counter("socket_io_events_sent_total", "Events sent, one for each client that gets it", () => [[{}, metrics.eventsSent]]);
  counter("socket_io_unknown_session_total", "Requests with a session that this process does not know", () => [[{}, metrics.unknownSessions]]);
  counter("socket_io_rejected_total", "Other requests that the engine refused", () => [[{}, metrics.otherRejections]]);
  new Gauge({
    name: "socket_io_engine_connections", help: "Transport connections open now", labelNames: ["transport"], registers: [register],
    collect() {
      const counts = { polling: 0, websocket: 0, ...transports(servers) };
      for (const [transport, value] of Object.entries(counts)) this.set({ transport }, value);
    },
  });
  gauge("socketio_runtime_adapter_up", "1 if the adapter asked for reaches its broker and is subscribed, or the runtime need not bring one", () =>
    Number([...servers].every((server) => adapterUp(server, adapter))), "min");
  counter("socketio_runtime_broker_dropped_total", "Commands dropped because the broker was away for long", () =>
    [[{}, [...servers].reduce((sum, { broker }) => sum + (broker && broker.dropped ? broker.dropped() : 0), 0)]]);
  counter("socketio_runtime_forwarded_total", "Requests for sessions of other processes: handed there, or answered as unknown (peer-gone)", () =>
    [...metrics.elsewhere].map(([key, value]) => [{ transport: key.split(" ")[0], why: key.split(" ")[1] }, value]), ["transport", "why"]);
  const forwardSeconds = { name: "socketio_runtime_forward_seconds", help: "Time of a POST that was handed to another process, with its answer", type: "histogram", aggregator: "sum" };
  register.registerMetric({ ...forwardSeconds, get: async () => ({ ...forwardSeconds, values: metrics.forwardTimes.samples(forwardSeconds.name) }) });
  gauge("socketio_runtime_draining", "1 while connections are moved elsewhere", () => Number(draining()), "max");
  return register;
}

function adapterUp({ broker, adapterOwner }, adapter) {
  return broker ? broker.state().subscribed : adapterOwner === "app" || adapter === "none";
}

function sockets(servers) {
  let sum = 0;
  for (const { io } of servers) {
    const namespaces = io._nsps instanceof Map ? io._nsps.values() : Object.values(io.nsps || {});
    for (const { name, sockets: connected } of namespaces) if (name !== NAME) sum += connected.size ?? Object.keys(connected).length;
  }
  return sum;
}

function transports(servers) {
  const counts = {};
  for (const { engines } of servers) {
    for (const engine of engines) {
      for (const { transport } of Object.values(engine.clients || {})) {
        counts[transport.name] = (counts[transport.name] || 0) + 1;
      }
    }
  }
  return counts;
}

module.exports = { registry };
