"use strict";

const assert = require("assert");
const fs = require("fs");
const { once } = require("events");
const net = require("net");
const os = require("os");
const path = require("path");
const { test, before, after, afterEach } = require("node:test");
const { App } = require("./support/app.js");
const { Polling, oneConnection } = require("./support/polling.js");
const { until } = require("./support/until.js");

const TOKEN = "a-token-that-must-not-be-logged";
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "socketio-runtime-"));
const env = { SOCKETIO_RUNTIME_TOKEN_FILE: path.join(folder, "token") };
before(() => fs.writeFileSync(env.SOCKETIO_RUNTIME_TOKEN_FILE, `${TOKEN}\n`));
afterEach(() => App.stopAll());
after(() => fs.rmSync(folder, { recursive: true }));

const post = (app, route, body, token = TOKEN) => app.ask(route, { method: "POST", token, body: typeof body === "string" ? body : JSON.stringify(body) });

async function serving(app) {
  const { status, body } = await app.ask("/serving");
  return [status, body];
}

test("health, status and metrics", async () => {
  const app = await App.start("v4.8", { env });
  await app.ready();
  const client = await app.client();
  for (let i = 0; i < 3; i++) client.emit("say", "hello");
  assert.strictEqual(await client.timeout(8000).emitWithAck("who"), 1);
  assert.strictEqual((await app.ask("/healthz")).status, 200);
  const { body } = await app.ask("/status");
  assert.deepStrictEqual([body.servers[0].socketio, body.connections], ["4.8.4", 1]);
  const metrics = (await app.ask("/metrics")).body.split("\n");
  for (const line of ["socket_io_connected 1", 'socket_io_connect_total{namespace="/"} 1', 'socket_io_events_received_total{event="say",namespace="/"} 3',
    "socket_io_events_sent_total 3", 'socket_io_engine_connections{transport="websocket"} 1', "socketio_runtime_adapter_up 1", "socketio_runtime_draining 0"]) {
    assert.ok(metrics.includes(line), `${line} in\n${metrics.filter((metric) => metric.startsWith("socket")).join("\n")}`);
  }
  assert.ok(metrics.some((line) => line.startsWith("nodejs_eventloop_lag_seconds ")));
});

test("rejected sessions and lost clients are counted, names of events are bounded", async () => {
  const app = await App.start("v4.8", { env });
  const client = await app.client();
  for (let i = 0; i < 1000; i++) client.emit(`event-${i}`);
  await client.timeout(8000).emitWithAck("who");
  client.disconnect();
  assert.strictEqual((await fetch(`${app.url}/socket.io/?EIO=4&transport=polling&sid=unknown`)).status, 400);
  let metrics;
  await until("the disconnect", async () => (metrics = (await app.ask("/metrics")).body).includes('socket_io_disconnect_total{namespace="/"} 1'));
  assert.match(metrics, /^socket_io_unknown_session_total 1$/m);
  assert.match(metrics, /^socket_io_events_received_total\{event="other",namespace="other"\} 801$/m);
  assert.ok(metrics.match(/^socket_io_events_received_total\{/gm).length <= 201);
});

test("a Server that does not listen is not ready", async () => {
  const app = await App.start("v4.8", { file: "deaf.cjs", env });
  await until("the reason", async () => (await app.ask("/readyz")).body.reason === "NotListening");
  assert.deepStrictEqual(await serving(app), [503, { serving: false, draining: false }]);
  assert.strictEqual((await app.ask("/healthz")).status, 200);
});

test("readiness ends at the limit of connections", async () => {
  const app = await App.start("v4.8", { env: { ...env, SOCKETIO_MAX_CONNECTIONS: "2" } });
  await app.ready();
  const [first] = [await app.client(), await app.client()];
  const handshake = () => fetch(`${app.url}/socket.io/?EIO=4&transport=polling`);
  const refused = await handshake();
  assert.deepStrictEqual([refused.status, (await refused.json()).error], [503, "ConnectionLimit"]);
  await assert.rejects(app.client({ reconnection: false, timeout: 1000 }), /waited/);
  // the sessions that it has go on
  await app.ready();
  assert.strictEqual(typeof (await first.timeout(8000).emitWithAck("adapter")), "string");
  first.disconnect();
  await until("room", async () => (await handshake()).status === 200);
});

test("shed closes some connections and stays ready; drain closes all and does not", async () => {
  const app = await App.start("v4.8", { env });
  const reasons = [];
  for (let i = 0; i < 10; i++) (await app.client({ reconnection: false })).on("disconnect", (reason) => reasons.push(reason));
  assert.deepStrictEqual(await post(app, "/shed", { count: 4, seconds: 1 }), { status: 202, body: { count: 4, connections: 10, seconds: 1 } });
  assert.strictEqual((await post(app, "/shed", { count: 4, seconds: 1 })).status, 409);
  await until("four fewer", () => reasons.length === 4 && app.log.includes("shed: 4 connections closed"));
  await app.ready();
  assert.deepStrictEqual(await serving(app), [200, { serving: true, draining: false }]);
  assert.strictEqual((await post(app, "/drain", { seconds: 1 })).status, 202);
  assert.strictEqual((await app.ask("/readyz")).body.reason, "Draining");
  assert.deepStrictEqual(await serving(app), [404, { serving: false, draining: true }]);
  await until("all closed", () => reasons.length === 10 || reasons);
  assert.deepStrictEqual([...new Set(reasons)], ["transport close"]);
  assert.strictEqual((await post(app, "/drain", { seconds: 1 })).status, 409);
  // the pod is deleted after all
  assert.strictEqual((await post(app, "/drain", { seconds: 1, terminating: true })).status, 409);
  await app.ready();
});

test("a drain at the end of the pod leaves it ready: Kubernetes takes it out of the endpoints by itself", async () => {
  const app = await App.start("v4.8", { env });
  await app.ready();
  assert.strictEqual((await post(app, "/drain", { seconds: 0, terminating: true })).status, 202);
  assert.deepStrictEqual([(await app.ask("/readyz")).status, (await app.ask("/status")).body.draining], [200, true]);
  assert.deepStrictEqual(await serving(app), [404, { serving: false, draining: true }]);
});

test("a drain that is told of ahead closes nobody before its time, and takes nobody new from the beginning", async () => {
  const app = await App.start("v4.8", { env });
  let closed = 0;
  (await app.client({ reconnection: false })).on("disconnect", () => (closed = Date.now()));
  assert.strictEqual((await post(app, "/drain", { seconds: 0, after: -1 })).status, 400);
  const asked = Date.now();
  assert.strictEqual((await post(app, "/drain", { seconds: 0, after: 1.5, terminating: true })).status, 202);
  assert.deepStrictEqual(await serving(app), [404, { serving: false, draining: true }]);
  await until("the end", () => closed > 0);
  assert.ok(closed - asked >= 1500, `closed after ${closed - asked} ms`);
});

for (const [what, variables, listens] of [
  ["on another port", { APP_HOST: "0.0.0.0" }, (port) => ({ port, loopback: false })],
  ["on another port of the loopback address alone", {}, (port) => ({ port, loopback: true })],
]) {
  test(`an app that listens ${what} is not ready, and it is told where it was found`, async () => {
    const app = await App.start("v4.8", { env: { ...env, ...variables, SOCKETIO_RUNTIME_APP_PORT: "1" } });
    const { status, body } = await app.ask("/readyz");
    assert.deepStrictEqual([status, body.reason, body.listens], [503, "ListensElsewhere", listens(app.port)]);
    assert.deepStrictEqual((await app.ask("/status")).body.listens, listens(app.port));
  });
}

test("an app that listens on the right port of the loopback address alone is not ready; on every address it is", async () => {
  const start = async (host) => {
    const port = await portOfAll();
    const app = await App.start("v4.8", { env: { ...env, APP_HOST: host, APP_PORT: port, SOCKETIO_RUNTIME_APP_PORT: port } });
    return [(await app.ask("/readyz")).status, (await app.ask("/status")).body.listens, port];
  };
  const [status, listens, port] = await start("127.0.0.1");
  assert.deepStrictEqual([status, listens], [503, { port, loopback: true }]);
  for (const host of ["0.0.0.0", "::"]) assert.deepStrictEqual((await start(host)).slice(0, 2), [200, undefined]);
});

// one that is free at every address
async function portOfAll() {
  const server = net.createServer().listen(0, "0.0.0.0");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

test("something else in the container may take the app's requests for it", async (t) => {
  const front = net.createServer().listen(0, "0.0.0.0");
  await once(front, "listening");
  t.after(() => front.close());
  const app = await App.start("v4.8", { env: { ...env, SOCKETIO_RUNTIME_APP_PORT: front.address().port } });
  await app.ready();
});

test("bad requests get their answers", async () => {
  const app = await App.start("v4.8", { env });
  const status = async (answer) => (await answer).status;
  assert.strictEqual(await status(app.ask("/nowhere")), 404);
  assert.strictEqual(await status(app.ask("/../../etc/passwd")), 404);
  assert.strictEqual(await status(app.ask("/constructor")), 404);
  assert.strictEqual(await status(app.ask("/drain")), 405);
  assert.strictEqual(await status(post(app, "/healthz", "")), 405);
  for (const token of ["", "wrong", `${TOKEN}x`, TOKEN.slice(1)]) assert.strictEqual(await status(post(app, "/drain", { seconds: 0 }, token)), 401);
  for (const body of ["", "{", "[]", "null", "{}", '{"seconds":-1}', '{"seconds":"1"}', '{"seconds":1e9}']) {
    assert.strictEqual(await status(post(app, "/drain", body)), 400, body);
  }
  assert.strictEqual(await status(post(app, "/shed", { count: 1.5, seconds: 0 })), 400);
  assert.strictEqual(await status(post(app, "/drain", " ".repeat(1025))), 413);
  await app.ready();
});

test("a client that polls no more does not hold up a drain", async () => {
  const app = await App.start("v4.8", { env });
  await new Polling(app.url).open(oneConnection());
  const connections = async () => (await app.ask("/status")).body.connections;
  assert.strictEqual(await connections(), 1);
  await post(app, "/drain", { seconds: 0 });
  await until("its end", async () => (await connections()) === 0, 5);
});

test("without a token file drain is refused", async () => {
  const app = await App.start("v4.8");
  assert.strictEqual((await post(app, "/drain", { seconds: 0 }, "undefined")).status, 401);
});

test("a hostile client of the side port does not disturb the app, and the token is in no log", async (t) => {
  const app = await App.start("v4.8", { env });
  const client = await app.client();
  const halfOpen = Array.from({ length: 1000 }, () => {
    const socket = net.connect(app.sidePort, "127.0.0.1", () => socket.write("GET /healthz HTTP/1.1\r\nx: "));
    return socket.on("error", () => {});
  });
  t.after(() => halfOpen.forEach((socket) => socket.destroy()));
  const large = Buffer.alloc(10 * 1024 * 1024, "x");
  const attacks = [];
  // an attacker's own connection may be cut off
  const attack = (answer) => attacks.push(answer.catch((error) => error));
  for (let i = 0; i < 20; i++) {
    attack(post(app, "/drain", large.toString(), i % 2 ? TOKEN : "wrong"));
    for (let j = 0; j < 20; j++) [app.ask(`/path-${j}`), post(app, "/drain", "{}", `wrong-${j}`)].forEach(attack);
  }
  const times = [];
  for (let i = 0; i < 50; i++) {
    const start = Date.now();
    assert.strictEqual(await client.timeout(5000).emitWithAck("who"), 1);
    times.push(Date.now() - start);
  }
  await Promise.all(attacks);
  await until("health while connections are half open", async () => (await app.ask("/healthz")).status === 200, 5);
  t.diagnostic(`slowest of 50 answers of the app ${Math.max(...times)} ms`);
  await until("the half-open connections' end", () => halfOpen.every((socket) => socket.destroyed || socket.readyState === "closed") || halfOpen.filter((socket) => !socket.destroyed).length, 10);
  await app.ready();
  assert.ok(client.connected);
  assert.ok(!app.log.includes(TOKEN) && !app.log.includes("wrong"), app.log);
  assert.strictEqual(app.ended, undefined);
});
