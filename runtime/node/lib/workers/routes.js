"use strict";

const { shares, sum } = require("../processes/sums.js");
const { Token } = require("../token.js");
const { serving, drainAsked, shedAsked } = require("../routes.js");
const { windows } = require("../traffic.js");
const { version } = require("../../package.json");
const { Exposition } = require("./exposition.js");

/**
 * The side port of a pod with several workers: the same paths as that of a single process.
 * @param {import("./primary.js").Primary} primary
 * @returns {import("../routes.js").Routes}
 */
function routes(primary) {
  const token = new Token(primary.settings.tokenFile);
  const authorized = (header) => token.allows(header);
  const exposition = new Exposition(primary);
  return new Map([
    ["/healthz", { method: "GET", answer: (send) => health(send, primary) }],
    ["/readyz", { method: "GET", answer: (send) => ready(send, primary) }],
    ["/serving", { method: "GET", answer: async (send) => serving(send, primary.draining, await stateOf(primary)) }],
    ["/metrics", { method: "GET", answer: (send) => metrics(send, primary, exposition) }],
    ["/status", { method: "GET", answer: (send) => status(send, primary) }],
    ["/drain", { method: "POST", authorized, answer: (send, body) => drain(send, body, primary) }],
    ["/shed", { method: "POST", authorized, answer: (send, body) => shed(send, body, primary) }],
  ]);
}

/** @returns {Promise<{slot: object, answer?: any, error?: Error}[]>} of each worker that has a server */
function askAll(primary, type, bodyOf = () => ({})) {
  return Promise.all(primary.workers.filter((slot) => slot.hasServer).map((slot) =>
    slot.channel.ask(type, bodyOf(slot)).then((answer) => ({ slot, answer }), (error) => ({ slot, error }))));
}

// A worker that is started anew is the primary's concern; one that does not answer is the kubelet's.
async function health(send, primary) {
  const silent = (await askAll(primary, "state")).filter(({ error }) => error);
  if (silent.length === 0) return send(200, { alive: true });
  return send(503, { alive: false, message: `worker ${silent[0].slot.number} does not answer` });
}

async function ready(send, primary) {
  const state = await stateOf(primary);
  return send(state.ready ? 200 : 503, state);
}

/**
 * @returns {Promise<{ready: boolean, reason?: string, message?: string}>} ready if every worker is. Reasons: Draining,
 *   WorkerNotUp, WorkerSilent, and those of a single process
 */
async function stateOf(primary) {
  if (primary.draining && !primary.terminating) return no("Draining", "connections are being moved elsewhere");
  // looked up before the others are asked: one that comes up meanwhile has not been asked
  const missing = primary.workers.find((slot) => !slot.hasServer);
  const answers = await askAll(primary, "state");
  for (const { slot, answer, error } of answers) {
    if (error) return no("WorkerSilent", `worker ${slot.number} does not answer`);
    const { connections, draining, ...state } = answer;
    if (!state.ready) return { ...state, message: `worker ${slot.number}: ${state.message}` };
  }
  if (missing) return no("WorkerNotUp", `worker ${missing.number} has no Socket.IO server yet`);
  return { ready: true };
}

function no(reason, message) {
  return { ready: false, reason, message };
}

async function metrics(send, primary, exposition) {
  const { type, text } = await exposition.expose(await askAll(primary, "metrics"));
  return send(200, text, { "content-type": type });
}

async function status(send, primary) {
  const [state, answers] = await Promise.all([stateOf(primary), askAll(primary, "status")]);
  const of = new Map(answers.map(({ slot, answer }) => [slot, answer]));
  const known = answers.filter(({ answer }) => answer).map(({ answer }) => answer);
  return send(200, {
    runtime: version,
    node: process.versions.node,
    pid: process.pid,
    ...state,
    draining: primary.draining,
    connections: sum(known.map(({ connections }) => connections)),
    traffic: windows(known.map(({ traffic }) => traffic)),
    adapterAsked: primary.settings.adapter,
    balancing: primary.settings.balancing,
    ...(primary.alone ? { alone: primary.alone } : {}),
    servers: known.flatMap(({ servers, pid }) => servers.map((server) => ({ pid, ...server }))),
    workers: primary.workers.map((slot) => workerStatus(slot, of.get(slot))),
  });
}

function workerStatus({ number, pid, restarts }, answer) {
  const { ready = false, reason = "WorkerNotUp", connections = 0 } = answer || {};
  return { worker: number, pid, restarts, ready, ...(ready ? {} : { reason }), connections };
}

async function drain(send, body, primary) {
  const asked = drainAsked(body);
  if (asked.error) return send(400, asked);
  primary.terminating = primary.terminating || asked.terminating;
  if (primary.draining) return send(409, { error: "AlreadyDraining" });
  primary.draining = true;
  primary.sidePort.end();
  const connections = sum((await askAll(primary, "state")).map(({ answer }) => (answer ? answer.connections : 0)));
  await askAll(primary, "drain", () => asked);
  return send(202, { draining: true, connections, seconds: asked.seconds });
}

async function shed(send, body, primary) {
  const asked = shedAsked(body);
  if (asked.error) return send(400, asked);
  if (primary.draining) return send(409, { error: "AlreadyClosingConnections" });
  const states = (await askAll(primary, "state")).map(({ slot, answer }) => ({ slot, connections: answer ? answer.connections : 0 }));
  const connections = sum(states.map((state) => state.connections));
  const count = Math.min(asked.count, connections);
  const parts = shares(count, states.map((state) => state.connections));
  const counts = new Map(states.map(({ slot }, index) => [slot, parts[index]]));
  const answers = await askAll(primary, "shed", (slot) => ({ count: counts.get(slot) || 0, seconds: asked.seconds }));
  if (answers.some(({ answer }) => answer === false)) return send(409, { error: "AlreadyClosingConnections" });
  return send(202, { count, connections, seconds: asked.seconds });
}

module.exports = { routes };
