// What /status tells of the last minutes: each request of a client once, wherever its session lives.
"use strict";

const assert = require("assert");
const http = require("http");
const { once } = require("events");
const { test, after, afterEach } = require("node:test");
const { WebSocket } = require("ws");
const { Server } = require("./apps/v4.8/node_modules/socket.io");
const { App } = require("./support/app.js");
const { Polling, oneConnection } = require("./support/polling.js");
const { Pods } = require("./support/pods.js");
const { RedisServer } = require("./support/redis.js");
const { Traffic, windows } = require("../lib/truth/traffic.js");

const NOTHING = { handshakes: 0, requests: 0, forwarded: 0, unknown: 0, clients: 0, busiest: 0 };
/** an agent: each request comes by a connection of its own */
const apart = false;
let redis;

afterEach(() => App.stopAll());
after(() => redis && redis.stop());

async function trafficOf(app) {
  const { traffic } = (await app.ask("/status")).body;
  assert.deepStrictEqual(Object.keys(traffic), ["minute", "fiveMinutes"]);
  return traffic.fiveMinutes;
}

async function assertTraffic(app, expected) {
  assert.deepStrictEqual(await trafficOf(app), { ...NOTHING, ...expected });
}

/** A WebSocket of the bare protocol. @returns {Promise<{status?: number, socket: WebSocket}>} status: of a refusal */
async function websocket(t, url, { sid, headers } = {}) {
  const socket = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket${sid ? `&sid=${sid}` : ""}`, { headers });
  t.after(() => socket.terminate());
  const refused = once(socket, "unexpected-response").then(([request, response]) => response.resume().statusCode);
  refused.catch(() => {});
  const status = await Promise.race([once(socket, "open").then(() => undefined), refused]);
  return { socket, status };
}

const sidOf = async (socket) => JSON.parse(String((await once(socket, "message"))[0]).slice(1)).sid;
const close = (session) => session.request(oneConnection(), { method: "POST", body: "1" });

for (const version of ["v4.1", "v4.4", "v4.8"]) {
  test(`a process by itself, without a key of sessions, ${version}`, async (t) => {
    const app = await App.start(version);
    await assertTraffic(app, {});
    const session = await new Polling(app.url).open(oneConnection());
    await session.request(oneConnection());
    await assertTraffic(app, { handshakes: 1, requests: 2, clients: 1, busiest: 1 });
    const upgraded = await websocket(t, app.url, { sid: session.sid });
    assert.strictEqual(upgraded.status, undefined);
    await assertTraffic(app, { handshakes: 1, requests: 3, clients: 1, busiest: 1 });
    await websocket(t, app.url);
    await assertTraffic(app, { handshakes: 2, requests: 3, clients: 1, busiest: 1 });
    assert.strictEqual((await session.request(oneConnection(), { sid: "nobody" })).status, 400);
    assert.strictEqual((await websocket(t, app.url, { sid: "nobody" })).status, 400);
    await assertTraffic(app, { handshakes: 2, requests: 5, unknown: 2, clients: 1, busiest: 1 });
    // none of these is a request for a session
    assert.strictEqual((await session.request(oneConnection(), { method: "POST", sid: "", body: "40" })).status, 400);
    await new Promise((resolve) => http.get(`${app.url}/?sid=1`, (response) => response.resume().on("end", resolve)));
    await assertTraffic(app, { handshakes: 2, requests: 5, unknown: 2, clients: 1, busiest: 1 });
  });
}

test("clients are told apart by the address that the last proxy saw", async () => {
  const app = await App.start("v4.8");
  const shake = (from) => new Polling(app.url).request(oneConnection(), { headers: from === undefined ? {} : { "x-forwarded-for": from } });
  for (const from of ["192.0.2.1", "198.51.100.7, 192.0.2.1", "192.0.2.1 , 192.0.2.2", ["192.0.2.3", "192.0.2.1"]]) await shake(from);
  await assertTraffic(app, { handshakes: 4, clients: 2, busiest: 0.75 });
  for (const from of ["2001:DB8:0::1", "2001:db8::1", "::ffff:192.0.2.2"]) await shake(from);
  await assertTraffic(app, { handshakes: 7, clients: 3, busiest: 0.43 });
  // all of these are the connection's own
  for (const from of [undefined, "", ",", "unknown", "192.0.2.1:80", "fe80::1%eth0", `fe80::1%${"x".repeat(9000)}`, "1".repeat(9000), "__proto__"]) {
    assert.strictEqual((await shake(from)).status, 200);
  }
  await assertTraffic(app, { handshakes: 16, clients: 4, busiest: 0.56 });
});

async function pods(t, count, env) {
  redis = redis || (await RedisServer.start());
  const started = await Pods.start(count, { env: { SOCKETIO_ADAPTER: "redis", SOCKETIO_RUNTIME_BROKER_URL: redis.url, ...env } });
  t.after(() => started.stop());
  return started.apps;
}

test("what another pod is given is counted where it arrived", async (t) => {
  const [home, other] = await pods(t, 2);
  const session = await new Polling(home.url).open(oneConnection());
  session.url = other.url;
  assert.strictEqual((await session.request(oneConnection())).status, 200);
  assert.strictEqual((await session.request(oneConnection(), { method: "POST", body: '42["say","hello"]' })).status, 200);
  await websocket(t, other.url, { sid: session.sid });
  await assertTraffic(home, { handshakes: 1, requests: 1, clients: 1, busiest: 1 });
  await assertTraffic(other, { requests: 3, forwarded: 3 });
});

test("control: pods that may not ask each other forward nothing, and know nothing", async (t) => {
  const [home, other] = await pods(t, 2, { SOCKETIO_RUNTIME_PEERS: "" });
  const session = await new Polling(home.url).open(oneConnection());
  session.url = other.url;
  assert.strictEqual((await session.request(oneConnection())).status, 400);
  await assertTraffic(other, { requests: 1, unknown: 1 });
});

test("a session that nobody knows any more is unknown once, where the request arrived", async (t) => {
  const [home, other] = await pods(t, 2);
  const [ended, left] = [await new Polling(home.url).open(oneConnection()), await new Polling(home.url).open(oneConnection())];
  await close(ended);
  for (const session of [ended, left]) session.url = other.url;
  assert.strictEqual((await ended.request(oneConnection())).status, 400);
  assert.strictEqual((await websocket(t, other.url, { sid: ended.sid })).status, 400);
  // refused for another reason
  assert.strictEqual((await left.request(oneConnection(), { method: "PUT" })).status, 500);
  await assertTraffic(home, { handshakes: 2, requests: 3, clients: 1, busiest: 1 });
  await assertTraffic(other, { requests: 3, forwarded: 3, unknown: 2 });
  home.process.kill("SIGKILL");
  await home.exit;
  assert.strictEqual((await left.request(oneConnection())).status, 400);
  const { requests, unknown } = await trafficOf(other);
  assert.deepStrictEqual({ requests, unknown }, { requests: 4, unknown: 3 });
});

test("workers: one sum, and each request once, whichever of them it came to", async (t) => {
  const [pod, other] = await pods(t, 2, { SOCKETIO_WORKERS: "3", SOCKETIO_WORKERS_BALANCING: "round-robin" });
  const sessions = await Promise.all(Array.from({ length: 9 }, async (_, i) => {
    const session = new Polling(pod.url);
    const { body } = await session.request(apart, { headers: { "x-forwarded-for": `192.0.2.${i % 4}` } });
    session.sid = JSON.parse(body.slice(1)).sid;
    for (let post = 0; post < 4; post++) assert.strictEqual((await session.request(apart, { method: "POST", body: post ? "3" : "40" })).status, 200);
    return session;
  }));
  const expected = { handshakes: 9, requests: 36, clients: 4, busiest: 0.33 };
  await assertTraffic(pod, expected);
  const forwards = (await pod.ask("/metrics")).body.split("\n").filter((line) => line.includes('why="other-process"'));
  assert.ok(forwards.length > 0, "no request came to another worker than its session's");
  for (const session of sessions.slice(0, 3)) {
    await close(session);
    for (let i = 0; i < 3; i++) {
      assert.strictEqual((await session.request(apart)).status, 400);
      assert.strictEqual((await websocket(t, pod.url, { sid: session.sid })).status, 400);
    }
  }
  await assertTraffic(pod, { ...expected, requests: 36 + 3 + 18, unknown: 18 });
  for (const session of sessions.slice(0, 6)) session.url = other.url;
  const answers = await Promise.all(sessions.slice(0, 6).map((session) => session.request(apart)));
  assert.deepStrictEqual(answers.map(({ status }) => status), [400, 400, 400, 200, 200, 200]);
  await assertTraffic(pod, { ...expected, requests: 57, unknown: 18 });
  await assertTraffic(other, { requests: 6, forwarded: 6, unknown: 3 });
});

test("windows slide by ten seconds, and keep a bounded number of addresses", async (t) => {
  let seconds = 1000;
  const traffic = new Traffic(() => seconds);
  const server = http.createServer().listen(0, "127.0.0.1");
  const io = new Server(server);
  t.after(() => io.close());
  traffic.watch(io.engine);
  await once(server, "listening");
  const polling = new Polling(`http://127.0.0.1:${server.address().port}`);
  const shake = (from) => polling.request(oneConnection(), { headers: { "x-forwarded-for": from } });
  const seen = (window) => windows([traffic.buckets()])[window];
  for (let i = 0; i < 300; i++) await shake(`10.0.${i >> 8}.${i & 255}`);
  await shake("10.0.0.1");
  assert.deepStrictEqual(seen("minute"), { ...NOTHING, handshakes: 301, clients: 256, busiest: 0.01 });
  seconds += 50;
  await shake("10.0.0.1");
  assert.deepStrictEqual(seen("minute"), { ...NOTHING, handshakes: 302, clients: 256, busiest: 0.01 });
  seconds += 10;
  assert.deepStrictEqual(seen("minute"), { ...NOTHING, handshakes: 1, clients: 1, busiest: 1 });
  assert.deepStrictEqual(seen("fiveMinutes"), { ...NOTHING, handshakes: 302, clients: 256, busiest: 0.01 });
  for (let i = 0; i < 100; i++) {
    seconds += 10;
    traffic.count("requests");
  }
  assert.deepStrictEqual([seen("minute").requests, seen("fiveMinutes").requests, traffic.buckets().length], [6, 30, 30]);
  assert.strictEqual(seen("fiveMinutes").handshakes, 0);
});
