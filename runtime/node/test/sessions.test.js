// Several pods behind a router that sticks nobody: each request finds its session.
"use strict";

const assert = require("assert");
const { test, before, after } = require("node:test");
const { io } = require("socket.io-client");
const { Pods } = require("./support/pods.js");
const { RedisServer } = require("./support/redis.js");
const { until } = require("./support/until.js");

const many = (count, make) => Promise.all(Array.from({ length: count }, make));

let redis;
before(async () => (redis = await RedisServer.start()));
after(() => redis.stop());

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
  });
}

test("control: without forwarding polling clients lose their sessions", async (t) => {
  const cluster = await pods(t, { env: { SOCKETIO_RUNTIME_PEERS: "" } });
  const made = await clients(t, cluster.url, 60, ["polling"]);
  await until("the end of most", () => alive(made) < 20 || alive(made));
});
