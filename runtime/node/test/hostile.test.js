// Clients that attack the app's own port. The app defends itself as Socket.IO does; the runtime, which sees every
// refused request, must not make it weaker.
"use strict";

const assert = require("assert");
const fs = require("fs");
const http = require("http");
const net = require("net");
const { test, afterEach } = require("node:test");
const { App } = require("./support/app.js");
const { until } = require("./support/until.js");

const HALF_OPEN = 1000;
const ROUNDS = 100;
const OVERFULL = 10;
const LARGE = Buffer.alloc(10 * 1024 * 1024, "x");
const ANSWER_MS = 5000;
const GROWTH_MB = 100;
const POLLING = "/socket.io/?EIO=4&transport=polling";
const UPGRADE = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": "c2l4dGVlbiBieXRlcyE=" };

const UNKNOWN_SESSION = [
  { path: `${POLLING}&sid=unknown` },
  { path: `${POLLING}&sid=unknown`, method: "POST", body: "40" },
  { path: "/socket.io/?EIO=4&transport=websocket&sid=unknown", headers: UPGRADE },
];
const REJECTED = [
  { path: "/socket.io/?EIO=4&transport=pigeon" },
  { path: "/socket.io/?EIO=4" },
  { path: "/socket.io/?EIO=3&transport=polling" },
  { path: POLLING, method: "POST", body: "40" },
  { path: "/socket.io/../../etc/passwd", method: "DELETE" },
];
const UNKNOWN_PATHS = [{ path: "/nowhere" }, { path: "/socket.iox/" }];

afterEach(() => App.stopAll());

/** @returns {Promise<number | undefined>} status; undefined if the connection was cut off */
function send(app, { path, method = "GET", headers = {}, body }) {
  return new Promise((resolve) => {
    const request = http.request({ host: "127.0.0.1", port: app.port, path, method, agent: false, headers }, (response) => {
      response.resume().on("close", () => resolve(response.statusCode));
    });
    request.on("error", () => resolve(undefined));
    request.end(body);
  });
}

function halfOpen(app) {
  const socket = net.connect(app.port, "127.0.0.1", () => socket.write("GET /socket.io/ HTTP/1.1\r\nx: "));
  return socket.on("error", () => {});
}

/** A session of its own, to which a body is posted that is larger than the engine takes. */
async function overfill(app) {
  const handshake = await (await fetch(app.url + POLLING)).text();
  const { sid } = JSON.parse(handshake.slice(1));
  await send(app, { path: `${POLLING}&sid=${sid}`, method: "POST", body: LARGE });
}

function attack(app) {
  const attacks = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const request of [...UNKNOWN_SESSION, ...REJECTED, ...UNKNOWN_PATHS]) attacks.push(send(app, request));
  }
  for (let i = 0; i < OVERFULL; i++) {
    attacks.push(overfill(app));
    for (const path of ["/nowhere", `${POLLING}&sid=unknown`]) attacks.push(send(app, { path, method: "POST", body: LARGE }));
  }
  return Promise.all(attacks);
}

/** @returns {number} memory of the process in MB */
function resident(app) {
  const status = fs.readFileSync(`/proc/${app.process.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) / 1024;
}

/** Attacks the app while a client goes on using it, and waits until the memory is given back. */
async function endure(app, t) {
  const client = await app.client();
  const answer = async () => assert.strictEqual(await client.timeout(ANSWER_MS).emitWithAck("who"), 1);
  await answer();
  const before = resident(app);
  const waiting = Array.from({ length: HALF_OPEN }, () => halfOpen(app));
  t.after(() => waiting.forEach((socket) => socket.destroy()));
  let over = false;
  const attacking = attack(app).then(() => (over = true));
  const times = [];
  while (!over) {
    const start = Date.now();
    await answer();
    times.push(Date.now() - start);
  }
  await attacking;
  waiting.forEach((socket) => socket.destroy());
  const grown = () => Math.round(resident(app) - before);
  await until(`growth below ${GROWTH_MB} MB`, () => grown() < GROWTH_MB || grown());
  assert.ok(client.connected);
  t.diagnostic(`slowest of ${times.length} answers ${Math.max(...times)} ms (bound ${ANSWER_MS} ms), memory grew by ${grown()} MB (bound ${GROWTH_MB} MB)`);
}

test("a hostile client of the app's port: others are served, refused requests are counted and not logged", async (t) => {
  const app = await App.start("v4.8");
  await app.ready();
  const log = app.log;
  await endure(app, t);
  const metrics = (await app.ask("/metrics")).body.split("\n");
  for (const line of [`socket_io_unknown_session_total ${ROUNDS * UNKNOWN_SESSION.length + OVERFULL}`, `socket_io_rejected_total ${ROUNDS * REJECTED.length}`]) {
    assert.ok(metrics.includes(line), `${line} in\n${metrics.filter((metric) => metric.startsWith("socket_io")).join("\n")}`);
  }
  assert.strictEqual(app.log, log);
  await app.ready();
});

test("a hostile client, for comparison: the same without the runtime", async (t) => endure(await App.start("v4.8", { runtime: false }), t));
