"use strict";

const { shares, sum } = require("../processes/sums.js");
const { windows } = require("../truth/traffic.js");
const { describeProcess } = require("../processes/answers.js");
const { drainAsked, shedAsked } = require("./bodies.js");

/**
 * Path -> what answers there. `answer(send, body)`: send(status, body, headers) replies once.
 * @typedef {Map<string, {method: string, answer: Function, authorized?: (header?: string) => Promise<boolean>}>} Routes
 */

/**
 * What the side port answers for all processes of the pod.
 * @param {import("./pod.js").Pod} pod
 * @param {import("./token.js").Token} token
 * @returns {Routes}
 */
function routes(pod, token) {
  const authorized = (header) => token.allows(header);
  const get = (answer) => ({ method: "GET", answer: (send) => answer(send, pod) });
  const post = (answer) => ({ method: "POST", authorized, answer: (send, body) => answer(send, body, pod) });
  return new Map([
    ["/healthz", get(health)],
    ["/readyz", get(ready)],
    ["/serving", get(serving)],
    ["/metrics", get(metrics)],
    ["/status", get(status)],
    ["/drain", post(drain)],
    ["/shed", post(shed)],
  ]);
}

/** Not alive if a process does not answer: the kubelet would see that of a process that is alone. */
async function health(send, pod) {
  const silent = (await pod.ask("state")).find(({ error }) => error);
  if (!silent) return send(200, { alive: true });
  return send(503, { alive: false, message: `${silent.name} does not answer` });
}

async function ready(send, pod) {
  const state = pod.state(await pod.ask("state"));
  return send(state.ready ? 200 : 503, state);
}

/**
 * For proxies that keep the sessions of a server which answers 404 and give it no new ones (HAProxy's disable-on-404).
 * Unlike /readyz it tells of a drain at the pod's end too: such a proxy goes on to reach the pod.
 */
async function serving(send, pod) {
  if (pod.draining) return send(404, { serving: false, draining: true });
  const state = pod.state(await pod.ask("state"));
  return send(state.ready ? 200 : 503, { serving: state.ready, draining: false });
}

async function metrics(send, pod) {
  const { type, text } = await pod.metrics();
  return send(200, text, { "content-type": type });
}

async function status(send, pod) {
  const answers = await pod.ask("status");
  const known = answers.filter(({ answer }) => answer).map(({ answer }) => answer);
  return send(200, {
    ...describeProcess(),
    ...pod.state(answers),
    draining: pod.draining,
    connections: sum(known.map(({ connections }) => connections)),
    traffic: windows(known.map(({ traffic }) => traffic)),
    ...pod.describe(answers),
  });
}

async function drain(send, body, pod) {
  const asked = drainAsked(body);
  if (asked.error) return send(400, asked);
  if (asked.terminating) await pod.terminates();
  const connections = sum((await pod.ask("state")).map(connectionsOf));
  if (pod.draining) return send(409, { error: "AlreadyDraining" });
  await pod.drain(asked);
  return send(202, { draining: true, connections, seconds: asked.seconds });
}

async function shed(send, body, pod) {
  const asked = shedAsked(body);
  if (asked.error) return send(400, asked);
  const states = await pod.ask("state");
  const connections = sum(states.map(connectionsOf));
  const count = Math.min(asked.count, connections);
  const parts = shares(count, states.map(connectionsOf));
  const counts = new Map(states.map(({ pid }, index) => [pid, parts[index]]));
  const answers = await pod.ask("shed", (pid) => ({ count: counts.get(pid) || 0, seconds: asked.seconds }));
  if (answers.some(({ answer }) => answer === false)) return send(409, { error: "AlreadyClosingConnections" });
  return send(202, { count, connections, seconds: asked.seconds });
}

function connectionsOf({ answer }) {
  return answer ? answer.connections : 0;
}

module.exports = { routes };
