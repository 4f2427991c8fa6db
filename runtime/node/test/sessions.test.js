// Several pods behind a router that sticks nobody: each request finds its session.
"use strict";

const assert = require("assert");
const { test, before, after } = require("node:test");
const { once } = require("events");
const { setTimeout: delay } = require("timers/promises");
const { Redis } = require("ioredis");
const { io } = require("socket.io-client");
const { WebSocket } = require("ws");
const { App } = require("./support/app.js");
const { Polling, oneConnection } = require("./support/polling.js");
const { Pods } = require("./support/pods.js");
const { RedisServer } = require("./support/redis.js");
const { until } = require("./support/until.js");

const many = (count, make) => Promise.all(Array.from({ length: count }, make));

let redis;
before(async () => (redis = await RedisServer.start()));
after(async () => {
  await App.stopAll();
  await redis.stop();
});

/** @returns {Promise<Pods>} */
async function pods(t, { count = 3, ...how } = {}) {
  const env = { SOCKETIO_ADAPTER: "redis", SOCKETIO_RUNTIME_BROKER_URL: redis.url, ...how.env };
  const started = await Pods.start(count, { ...how, env });
  t.after(() => started.stop());
  return started;
}

/** Clients that go by the router, each with what it heard. */
async function clients(t, url, count, transports) {
  const made = await many(count, async () => {
    const socket = io(url, { forceNew: true, transports, reconnection: false });
    const client = { socket, heard: [], ended: undefined };
    t.after(() => socket.disconnect());
    socket.on("said", (text) => client.heard.push(text));
    socket.on("disconnect", (reason) => (client.ended = reason));
    socket.on("connect_error", (error) => (client.ended = error.message));
    await until("an end or a connection", () => socket.connected || client.ended !== undefined);
    return client;
  });
  return made;
}

const alive = (made) => made.filter(({ socket, ended }) => socket.connected && !ended).length;

async function echoes(made) {
  made[0].socket.emit("say", "first");
  await until("the first event everywhere", () => made.every(({ heard }) => heard.includes("first")) || made.map(({ ended }) => ended));
  const acks = await Promise.all(made.map(({ socket }) => socket.timeout(8000).emitWithAck("adapter")));
  assert.strictEqual(acks.length, made.length);
}

for (const [transports, transport] of [[["polling"], "polling"], [["polling", "websocket"], "websocket"], [["websocket"], undefined]]) {
  test(`60 of 60 clients by ${transports.join(" and ")} through a round robin`, async (t) => {
    const cluster = await pods(t);
    const made = await clients(t, cluster.url, 60, transports);
    assert.strictEqual(alive(made), 60);
    if (transports.length > 1) await until("every upgrade", () => made.every(({ socket }) => socket.io.engine.transport.name === "websocket"));
    await echoes(made);
    assert.strictEqual(alive(made), 60);
    assert.strictEqual(await cluster.metric("socket_io_unknown_session_total"), 0);
    const forwarded = await cluster.metric("socketio_runtime_forwarded_total", `transport="${transport}",why="other-pod"`);
    if (transport) assert.ok(forwarded >= 20, `${forwarded} forwarded`);
    else assert.strictEqual(await cluster.metric("socketio_runtime_forwarded_total"), 0);
    if (transport === "polling") {
      const [count, slow] = [await cluster.metric("socketio_runtime_forward_seconds_count"), await cluster.metric("socketio_runtime_forward_seconds_bucket", 'le="+Inf"')];
      assert.ok(count >= 10 && count === slow, `${count} timed`);
    }
  });
}

test("control: without forwarding polling clients lose their sessions", async (t) => {
  const cluster = await pods(t, { env: { SOCKETIO_RUNTIME_PEERS: "" } });
  const made = await clients(t, cluster.url, 60, ["polling"]);
  await until("the end of most", () => alive(made) < 20 || alive(made));
});

/** @returns {Promise<Polling>} a session of the first pod, which is asked for at the second one */
async function misrouted(cluster) {
  const session = await new Polling(cluster.apps[0].url).open(oneConnection());
  session.url = cluster.apps[1].url;
  return session;
}

const timed = async (promise) => {
  const start = Date.now();
  const { status } = await promise;
  return { status, milliseconds: Date.now() - start };
};

test("a pod that is gone: its sessions are unknown, at once", async (t) => {
  const cluster = await pods(t, { count: 2 });
  const session = await misrouted(cluster);
  const agent = oneConnection();
  assert.match((await session.request(agent)).body, /^40/);
  const polling = timed(session.request(agent));
  await until("a forwarded poll", async () => (await cluster.metric("socketio_runtime_forwarded_total")) >= 2);
  cluster.apps[0].process.kill("SIGKILL");
  // the one that waits, one that finds the connection refused, one that need not even try
  assert.strictEqual((await polling).status, 400);
  for (let i = 0; i < 2; i++) {
    const { status, milliseconds } = await timed(session.request(agent));
    assert.strictEqual(status, 400);
    assert.ok(milliseconds < 500, `${milliseconds} ms`);
  }
  assert.ok((await cluster.metric("socketio_runtime_forwarded_total", 'why="peer-gone"')) >= 2);
});

test("a pod that hangs is given up after its heartbeats, and the poll that waits for it as well", async (t) => {
  const cluster = await pods(t, { count: 2 });
  const session = await misrouted(cluster);
  const agent = oneConnection();
  assert.match((await session.request(agent)).body, /^40/);
  cluster.apps[0].process.kill("SIGSTOP");
  const { status, milliseconds } = await timed(session.request(agent));
  assert.strictEqual(status, 400);
  t.diagnostic(`given up after ${milliseconds} ms`);
  assert.ok(milliseconds < 25_000, `${milliseconds} ms`);
  const next = await timed(session.request(agent));
  assert.deepStrictEqual([next.status, next.milliseconds < 500], [400, true]);
});

test("without a broker peers are known by the headless Service alone", async (t) => {
  const cluster = await pods(t, { count: 2, env: { SOCKETIO_ADAPTER: "none" } });
  const session = await misrouted(cluster);
  assert.match((await session.request(oneConnection())).body, /^40/);
  const stranger = await pods(t, { count: 2, env: { SOCKETIO_ADAPTER: "none", SOCKETIO_RUNTIME_PEERS: "192.0.2.1" } });
  assert.strictEqual((await (await misrouted(stranger)).request(oneConnection())).status, 400);
  assert.strictEqual(await stranger.metric("socketio_runtime_forwarded_total", 'why="other-pod"'), 0);
});

test("headers and the client's address are passed on, an own Authorization of the client as well", async (t) => {
  const cluster = await pods(t, { count: 2, file: "headers.cjs" });
  const session = await misrouted(cluster);
  const headers = { authorization: "Bearer of-the-client", "x-forwarded-for": "192.0.2.7", "x-twice": ["a", "b"], constructor: "x", ["__proto__"]: "y" };
  const { status } = await session.request(oneConnection(), { method: "POST", body: '42["say","hello"]', headers });
  assert.strictEqual(status, 200);
  const seen = JSON.parse(/^headers (.*)$/m.exec(cluster.apps[0].log)[1]);
  assert.strictEqual(seen.authorization, "Bearer of-the-client");
  assert.strictEqual(seen["x-forwarded-for"], "192.0.2.7, 127.0.0.1");
  assert.strictEqual(seen["x-twice"], "a, b");
  assert.strictEqual(seen.constructor, "x");
});

test("a body of 900 KB goes there and back; one over the server's bound is refused by the session's own pod", async (t) => {
  const cluster = await pods(t, { count: 2 });
  const session = await misrouted(cluster);
  const agent = oneConnection();
  assert.match((await session.request(agent)).body, /^40/);
  const text = "x".repeat(900_000);
  assert.strictEqual((await session.request(agent, { method: "POST", body: `42["say","${text}"]` })).status, 200);
  assert.ok((await session.request(agent)).body.includes(text));
  assert.strictEqual((await session.request(agent, { method: "POST", body: `42["say","${text.repeat(2)}"]` })).status, 413);
});

test("a pod that ends serves its sessions through the others until its drain has closed them one by one", async (t) => {
  const cluster = await pods(t, { count: 2, env: { SOCKETIO_ADAPTER: "redis-streams", SOCKETIO_RECOVERY_MS: "60000", SOCKETIO_DRAIN_SECONDS: "3" } });
  const made = await clients(t, cluster.apps[0].url, 20, ["polling"]);
  const reasons = [];
  const ends = [];
  for (const { socket } of made) {
    // the router knows already that the pod goes
    socket.io.engine.transport.opts.port = String(cluster.apps[1].port);
    socket.on("disconnect", (reason) => reasons.push(reason) && ends.push(Date.now()));
  }
  made[0].socket.emit("say", "an event that ends each pending poll");
  const forwarded = () => cluster.metric("socketio_runtime_forwarded_total", 'transport="polling",why="other-pod"');
  await until("polls by way of the other pod", async () => (await forwarded()) >= 20);
  cluster.apps[0].process.kill("SIGTERM");
  assert.deepStrictEqual(await cluster.apps[0].exit, { code: 0, signal: null }, cluster.apps[0].log);
  await until("every client's end", () => reasons.length === 20 || reasons.length);
  assert.deepStrictEqual([...new Set(reasons)], ["transport close"]);
  const most = Math.max(...ends.map((from) => ends.filter((time) => time >= from && time < from + 500).length));
  assert.ok(most <= 10, `${most} of 20 within 0.5 s`);
});

/** A session of one pod whose WebSocket goes by another one. */
async function joined(t, home, by) {
  const { sid } = await new Polling(home.url).open(oneConnection());
  const socket = new WebSocket(`${by.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket&sid=${sid}`);
  t.after(() => socket.terminate());
  const next = () => once(socket, "message").then(([data]) => String(data));
  await once(socket, "open");
  socket.send("2probe");
  assert.strictEqual(await next(), "3probe");
  socket.send("5");
  assert.match(await next(), /^40/);
  return socket;
}

test("upgraded connections that pass through a pod are closed one by one by its drain", async (t) => {
  const cluster = await pods(t, { count: 2, env: { SOCKETIO_DRAIN_SECONDS: "3" } });
  const [ending, home] = cluster.apps;
  const sockets = await many(12, () => joined(t, home, ending));
  const ends = [];
  for (const socket of sockets) socket.on("close", () => ends.push(Date.now()));
  assert.strictEqual(await cluster.metric("socketio_runtime_forwarded_total", 'transport="websocket",why="other-pod"'), 12);
  ending.process.kill("SIGTERM");
  await ending.exit;
  assert.match(ending.log, /drain: 12 connections closed, 0 left/);
  await until("their ends", () => ends.length === 12);
  const most = Math.max(...ends.map((from) => ends.filter((time) => time >= from && time < from + 500).length));
  assert.ok(most <= 6, `${most} of 12 within 0.5 s`);
  await until("the sessions' ends", async () => (await home.ask("/status")).body.connections === 0);
});

test("an app that forks by Node's cluster module needs no sticky sessions of its own", async (t) => {
  const cluster = await pods(t, { count: 1, file: "plain-cluster.cjs", env: { SOCKETIO_ADAPTER: "none" } });
  const made = await clients(t, cluster.apps[0].url, 20, ["polling"]);
  for (const { socket } of made) await socket.timeout(8000).emitWithAck("adapter");
  assert.strictEqual(alive(made), 20);
});

test("a Redis that comes back empty, before anybody noticed that it was away, takes no pod for gone", async (t) => {
  const cluster = await pods(t, { count: 2 });
  const session = await misrouted(cluster);
  const agent = oneConnection();
  assert.match((await session.request(agent)).body, /^40/);
  const client = new Redis(redis.url);
  t.after(() => client.disconnect());
  // older than a heartbeat is kept
  await delay(16_000);
  await client.multi().flushall().client("KILL", "TYPE", "normal", "SKIPME", "yes").exec();
  for (let i = 0; i < 40; i++) {
    assert.strictEqual((await session.request(agent, { method: "POST", body: '42["say","hello"]' })).status, 200);
    await delay(50);
  }
});
