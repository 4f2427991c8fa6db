"use strict";

const { MetricSums, shares, sum } = require("./processes/sums.js");
const { windows } = require("./traffic.js");
const { version } = require("../package.json");

const LONGEST_SECONDS = 3600;
const HIGHEST_COUNT = 1e6;

/**
 * Path -> what answers there. `answer(send, body)`: send(status, body, headers) replies once.
 * @typedef {Map<string, {method: string, answer: Function, authorized?: (header?: string) => Promise<boolean>}>} Routes
 */

/**
 * What the side port answers for all processes of the pod.
 * @param {import("./runtime.js").Runtime} runtime
 * @param {import("./processes/index.js").Processes} processes
 * @returns {Routes}
 */
function routes(runtime, processes) {
  const authorized = (header) => runtime.token.allows(header);
  const sums = new MetricSums();
  return new Map([
    ["/healthz", { method: "GET", answer: async (send) => health(send, await processes.ask("state")) }],
    ["/readyz", { method: "GET", answer: async (send) => ready(send, stateOf(await processes.ask("state"))) }],
    ["/serving", { method: "GET", answer: async (send) => serving(send, runtime.drain.draining, stateOf(await processes.ask("state"))) }],
    ["/metrics", { method: "GET", answer: (send) => metrics(send, runtime, sums, processes) }],
    ["/status", { method: "GET", answer: async (send) => send(200, status(await processes.ask("status"))) }],
    ["/drain", { method: "POST", authorized, answer: (send, body) => drain(send, body, runtime, processes) }],
    ["/shed", { method: "POST", authorized, answer: (send, body) => shed(send, body, processes) }],
  ]);
}

/** Not alive if a process does not answer: the kubelet would see that of a process that is alone. */
function health(send, answers) {
  const silent = answers.find(({ error }) => error);
  if (!silent) return send(200, { alive: true });
  return send(503, { alive: false, message: `process ${silent.pid} does not answer` });
}

function ready(send, state) {
  return send(state.ready ? 200 : 503, state);
}

/** @returns {{ready: boolean, reason?: string, message?: string}} ready if every process is. Reasons: ProcessSilent, and those of one */
function stateOf(answers) {
  for (const { pid, answer, error } of answers) {
    if (error) return { ready: false, reason: "ProcessSilent", message: `process ${pid} does not answer` };
    const state = readinessOf(answer);
    if (!state.ready) return answers.length > 1 ? { ...state, message: `process ${pid}: ${state.message}` } : state;
  }
  return readinessOf(answers[0].answer);
}

function readinessOf({ ready: isReady, reason, message, listens }) {
  return { ready: isReady, ...(reason && { reason, message }), ...(listens && { listens }) };
}

/**
 * For proxies that keep the sessions of a server which answers 404 and give it no new ones (HAProxy's disable-on-404).
 * Unlike /readyz it tells of a drain at the pod's end too: such a proxy goes on to reach the pod.
 */
function serving(send, draining, state) {
  if (draining) return send(404, { serving: false, draining: true });
  return send(state.ready ? 200 : 503, { serving: state.ready, draining: false });
}

// Once there were several, the sums go on with what those that are gone had counted.
async function metrics(send, runtime, sums, processes) {
  const { type, text } = processes.alone && sums.empty ? await runtime.metrics.expose() : await exposeAll(sums, await processes.ask("metrics"));
  return send(200, text, { "content-type": type });
}

function exposeAll(sums, answers) {
  for (const { pid, answer } of answers) if (answer) sums.take(pid, answer);
  return sums.expose(new Set(answers.map(({ pid }) => pid)));
}

/** @returns {object} of this process alone */
function statusOf(runtime) {
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
      ...(server.skipsMiddlewares && { skipsMiddlewares: true }),
      appOptions: [...server.appOptions],
      listening: server.listening(),
      connections: server.connections(),
      ...(server.truth ? server.truth.state() : {}),
    })),
  };
}

function status(answers) {
  const known = answers.filter(({ answer }) => answer).map(({ answer }) => answer);
  const { runtime, node, pid, draining, adapterAsked } = known[0];
  const several = answers.length > 1;
  return {
    runtime,
    node,
    pid,
    ...stateOf(answers),
    draining,
    connections: sum(known.map(({ connections }) => connections)),
    traffic: windows(known.map(({ traffic }) => traffic)),
    adapterAsked,
    servers: known.flatMap(({ servers, ...of }) => servers.map((server) => ({ ...(several && { pid: of.pid }), ...server }))),
    ...(several && { processes: answers.map(processStatus) }),
  };
}

function processStatus({ pid, answer }) {
  return answer ? { pid, ...readinessOf(answer), connections: answer.connections } : { pid, ready: false, reason: "ProcessSilent" };
}

async function drain(send, body, runtime, processes) {
  const asked = drainAsked(body);
  if (asked.error) return send(400, asked);
  if (asked.terminating) await processes.ask("terminating");
  if (runtime.drain.draining) return send(409, { error: "AlreadyDraining" });
  const connections = sum((await processes.ask("state")).map(({ answer }) => (answer ? answer.connections : 0)));
  await processes.ask("drain", () => asked);
  return send(202, { draining: true, connections, seconds: asked.seconds });
}

async function shed(send, body, processes) {
  const asked = shedAsked(body);
  if (asked.error) return send(400, asked);
  const states = (await processes.ask("state")).map(({ pid, answer }) => ({ pid, connections: answer ? answer.connections : 0 }));
  const connections = sum(states.map((state) => state.connections));
  const count = Math.min(asked.count, connections);
  const parts = shares(count, states.map((state) => state.connections));
  const counts = new Map(states.map(({ pid }, index) => [pid, parts[index]]));
  const answers = await processes.ask("shed", (pid) => ({ count: counts.get(pid) || 0, seconds: asked.seconds }));
  if (answers.some(({ answer }) => answer === false)) return send(409, { error: "AlreadyClosingConnections" });
  return send(202, { count, connections, seconds: asked.seconds });
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

module.exports = { routes, serving, statusOf, drainAsked, shedAsked };
