"use strict";

const routes = require("../routes.js");

/** Answers what the primary asks for its side port. */
function install(channel, runtime) {
  const { drain, readiness, metrics } = runtime;
  channel.on("state", () => ({ ...readiness.state(), connections: runtime.connections() }));
  // addresses go to the primary and no further
  channel.on("status", () => ({ ...routes.status(runtime), traffic: runtime.traffic.buckets() }));
  channel.on("metrics", () => metrics.values());
  channel.on("drain", ({ seconds, terminating, after }) => void drain.start(seconds, terminating, after));
  channel.on("shed", ({ count, seconds }) => drain.shed(count, seconds));
}

module.exports = { install };
