"use strict";

const routes = require("../routes.js");

/**
 * What a process says of itself to the one that speaks for the pod: question -> what answers it.
 * @param {import("../runtime.js").Runtime} runtime
 * @returns {Map<string, (body: any) => unknown>}
 */
function answersOf(runtime) {
  const { drain, readiness, metrics } = runtime;
  return new Map([
    ["state", () => ({ ...readiness.state(), connections: runtime.connections(), draining: drain.draining })],
    // addresses go to that process and no further
    ["status", () => ({ ...routes.statusOf(runtime), traffic: runtime.traffic.buckets() })],
    ["metrics", () => metrics.values()],
    ["drain", ({ seconds, terminating, after }) => void drain.start(seconds, terminating, after)],
    ["terminating", () => void (drain.terminating = true)],
    ["shed", ({ count, seconds }) => drain.shed(count, seconds)],
  ]);
}

module.exports = { answersOf };
