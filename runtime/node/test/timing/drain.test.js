"use strict";

const assert = require("assert");
const { test, before, after, afterEach } = require("node:test");
const { App } = require("../support/app.js");
const { RedisServer } = require("../support/redis.js");
const { Switch } = require("../support/switch.js");
const { until } = require("../support/until.js");

const CLIENTS = 60;
let redis;
let proxy;
before(async () => (redis = await RedisServer.start()));
afterEach(async () => {
  await App.stopAll();
  if (proxy) proxy.close();
  proxy = undefined;
});
after(() => redis.stop());

/** Two processes behind a switch with 60 clients on the first, all in a room; then the first is told to stop. */
async function move(env) {
  const shared = { SOCKETIO_ADAPTER: "redis-streams", SOCKETIO_RUNTIME_BROKER_URL: redis.url, SOCKETIO_RECOVERY_MS: "60000" };
  const apps = await Promise.all([1, 2].map(() => App.start("v4.8", { env: { ...shared, ...env } })));
  await Promise.all(apps.map((app) => app.ready()));
  proxy = await Switch.open(apps[0].port);
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => apps[0].client({ url: proxy.url })));
  await Promise.all(clients.map((client) => client.timeout(8000).emitWithAck("join", "room")));
  const teller = await apps[1].client();
  const moves = { ends: [], reasons: new Set(), recovered: 0, told: 0 };
  for (const client of clients) client.on("told", (text) => (moves.told += text === "while away"));
  // a session is recovered from the offset of the last event that the client got
  const ready = new Set();
  for (const client of clients) client.once("told", () => ready.add(client.id));
  teller.emit("tell", "room", "before");
  await until("the first event everywhere", () => ready.size === CLIENTS || ready.size);
  for (const client of clients) {
    client.on("disconnect", (reason) => {
      moves.reasons.add(reason);
      moves.ends.push(Date.now());
      if (moves.ends.length === CLIENTS) setTimeout(() => teller.emit("tell", "room", "while away"), 100);
    });
    client.on("connect", () => (moves.recovered += client.recovered));
  }
  proxy.target = apps[1].port;
  const start = Date.now();
  apps[0].process.kill("SIGTERM");
  await until("every client back", () => (moves.ends.length === CLIENTS && clients.every((client) => client.connected)) || moves.ends.length, 25);
  return { apps, moves, start, exit: await apps[0].exit };
}

function mostInHalfASecond(times) {
  return Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + 500).length));
}

test("SIGTERM, drain of 3 s: 60 of 60 sessions recovered on the other process, disconnects spread", async (t) => {
  const { moves, start, exit, apps } = await move({ SOCKETIO_DRAIN_SECONDS: "3" });
  const most = mostInHalfASecond(moves.ends);
  t.diagnostic(`recovered ${moves.recovered}, most disconnects in 0.5 s ${most}, last after ${Math.max(...moves.ends) - start} ms`);
  await until("the event that was sent meanwhile", () => moves.told === CLIENTS || moves.told);
  assert.strictEqual(moves.recovered, CLIENTS);
  assert.ok(most <= CLIENTS / 4, `${most} disconnects in 0.5 s`);
  assert.ok(Math.max(...moves.ends) - start < 4500);
  assert.deepStrictEqual([...moves.reasons], ["transport close"]);
  assert.deepStrictEqual(exit, { code: 0, signal: null }, apps[0].log);
});

test("control: without a drain all connections end at once, and without the mirror no session is recovered", async () => {
  const { moves, exit } = await move({ SOCKETIO_RUNTIME_MIRROR: "off" });
  assert.strictEqual(moves.recovered, 0);
  assert.ok(mostInHalfASecond(moves.ends) > CLIENTS / 2);
  assert.deepStrictEqual(exit, { code: null, signal: "SIGTERM" });
});

test("while it drains at its end it stays ready, and the app's own handler runs afterwards and cannot cut it short", async () => {
  const app = await App.start("v4.8", { env: { SOCKETIO_DRAIN_SECONDS: "2", APP_SIGTERM: "exit" } });
  await app.ready();
  const clients = await Promise.all(Array.from({ length: 10 }, () => app.client({ reconnection: false })));
  const start = Date.now();
  app.process.kill("SIGTERM");
  await until("the drain", async () => (await app.ask("/status")).body.draining);
  assert.strictEqual((await app.ask("/readyz")).status, 200);
  assert.ok(clients.some((client) => client.connected));
  assert.deepStrictEqual(await app.exit, { code: 7, signal: null }, app.log);
  assert.ok(Date.now() - start > 1200, `ended after ${Date.now() - start} ms`);
  assert.ok(app.log.indexOf("connections closed") < app.log.indexOf("the app's handler ran"), app.log);
  assert.match(app.log, /drain: 10 connections closed, 0 left/);
});

test("an app whose handler does not exit is ended after its time", async () => {
  const app = await App.start("v4.8", { env: { SOCKETIO_DRAIN_SECONDS: "0", SOCKETIO_EXIT_SECONDS: "1", APP_SIGTERM: "log" } });
  app.process.kill("SIGTERM");
  assert.deepStrictEqual(await app.exit, { code: 0, signal: null });
  assert.match(app.log, /the app's handler ran/);
});

test("polling clients are drained as well, late arrivals included", async () => {
  const app = await App.start("v4.8", { env: { SOCKETIO_DRAIN_SECONDS: "2" } });
  await app.ready();
  const reasons = [];
  const polling = async () => (await app.client({ transports: ["polling"], reconnection: false })).on("disconnect", (reason) => reasons.push(reason));
  for (let i = 0; i < 5; i++) await polling();
  app.process.kill("SIGTERM");
  await until("the drain", async () => (await app.ask("/status")).body.draining);
  await polling();
  assert.deepStrictEqual(await app.exit, { code: 0, signal: null });
  await until("every client's end", () => reasons.length === 6 || reasons);
  assert.deepStrictEqual([...new Set(reasons)], ["transport close"]);
  assert.match(app.log, /drain: 6 connections closed, 0 left/);
});

test("a second SIGTERM ends the process at once, one within a second of the first does not", async () => {
  const app = await App.start("v4.8", { env: { SOCKETIO_DRAIN_SECONDS: "60" } });
  await app.ready();
  await app.client({ reconnection: false });
  const start = Date.now();
  app.process.kill("SIGTERM");
  await until("the drain", async () => (await app.ask("/status")).body.draining);
  await until("the end", () => {
    app.process.kill("SIGTERM");
    return app.ended !== undefined;
  });
  const milliseconds = Date.now() - start;
  assert.deepStrictEqual(app.ended, { code: 143, signal: null });
  assert.ok(milliseconds >= 1000 && milliseconds < 3000, `ended after ${milliseconds} ms`);
});

test("Node as PID 1 ends after the drain", async (t) => {
  const { spawn } = require("child_process");
  const { PRELOAD, ROOT } = require("../support/app.js");
  const env = { PATH: process.env.PATH, NODE_OPTIONS: `--require ${PRELOAD}`, SOCKETIO_DRAIN_SECONDS: "0" };
  const file = `${ROOT}/test/apps/v4.8/app.cjs`;
  const child = spawn("unshare", ["--user", "--map-root-user", "--pid", "--fork", "--kill-child", process.execPath, file], { env });
  t.after(() => child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  const ended = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
  await until("the port", () => /^port/m.test(output) || output);
  const { execFileSync } = require("child_process");
  const inner = execFileSync("pgrep", ["-P", String(child.pid)], { encoding: "utf8" }).trim();
  process.kill(Number(inner), "SIGTERM");
  assert.strictEqual(await ended, 0, output);
});
