"use strict";

const assert = require("assert");
const fs = require("fs");
const os = require("os");
const path = require("path");
const { execFileSync, spawnSync } = require("child_process");
const { test, before, after, afterEach } = require("node:test");
const { App, NODE, PRELOAD, ROOT } = require("./support/app.js");
const { Polling, oneConnection, requestInParts } = require("./support/polling.js");
const { Nginx, available: nginxAvailable } = require("./support/nginx.js");
const { RedisServer } = require("./support/redis.js");
const { until } = require("./support/until.js");
const { Seal } = require("../lib/sessions/seal.js");

const TOKEN = "a-token";
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "socketio-runtime-workers-"));
const tokenFile = path.join(folder, "token");
const keyFile = path.join(folder, "key");
const KEY = "a-key";
const seal = new Seal(KEY);
let redis;
before(async () => {
  fs.writeFileSync(tokenFile, TOKEN);
  fs.writeFileSync(keyFile, KEY);
  redis = await RedisServer.start();
});
afterEach(() => App.stopAll());
after(async () => {
  fs.rmSync(folder, { recursive: true });
  await redis.stop();
});

async function pod({ file, workers = 3, ...env } = {}) {
  const app = await App.start("v4.8", { file, env: { SOCKETIO_WORKERS: String(workers), SOCKETIO_RUNTIME_TOKEN_FILE: tokenFile, SOCKETIO_RUNTIME_SESSION_KEY_FILE: keyFile, ...env } });
  await app.ready();
  return app;
}

const status = async (app) => (await app.ask("/status")).body;
const post = (app, route, body) => app.ask(route, { method: "POST", token: TOKEN, body: JSON.stringify(body) });
/** @returns {Promise<(sid: string) => number>} the worker that a session id is sealed with */
async function workers(app) {
  const pids = (await status(app)).workers.map(({ pid }) => pid);
  return (sid) => pids.indexOf(seal.open(sid).process) + 1;
}
const many = (count, make) => Promise.all(Array.from({ length: count }, make));

async function spread(app, clients) {
  const counts = [0, 0, 0];
  const workerOf = await workers(app);
  for (const client of clients) counts[workerOf(client.io.engine.id) - 1] += 1;
  return counts;
}

/** @returns {Promise<Map>} text -> how many clients heard it, when as many as expected did */
async function everybodyHears(clients, speaker, text) {
  const heard = [];
  const listeners = clients.map((client) => {
    const listener = (said) => said === text && heard.push(client.id);
    client.on("said", listener);
    return () => client.off("said", listener);
  });
  speaker.emit("say", text);
  await until(`"${text}" everywhere`, () => heard.length >= clients.length || heard.length);
  // a second copy would have been sent before this answer
  await Promise.all(clients.map((client) => client.timeout(8000).emitWithAck("adapter")));
  for (const off of listeners) off();
  assert.deepStrictEqual(heard.sort(), clients.map(({ id }) => id).sort());
}

for (const [file, balancing, holds] of [
  ["app.cjs", "least-connection", ([a, b, c]) => Math.max(a, b, c) - Math.min(a, b, c) <= 2],
  ["app.mjs", "round-robin", (counts) => Math.min(...counts) >= 6],
  ["app.cjs", "random", (counts) => Math.min(...counts) >= 1],
]) {
  test(`30 WebSocket and 30 polling clients on 3 workers, ${balancing}, ${file}`, async (t) => {
    const app = await pod({ file, SOCKETIO_WORKERS_BALANCING: balancing });
    const sockets = await many(30, () => app.client());
    const pollers = await many(30, () => app.client({ transports: ["polling"] }));
    const [ofSockets, ofPollers] = [await spread(app, sockets), await spread(app, pollers)];
    t.diagnostic(`WebSocket ${ofSockets}, polling ${ofPollers}`);
    assert.ok(holds(ofSockets), String(ofSockets));
    assert.ok(Math.min(...ofPollers) >= 1, String(ofPollers));
    const clients = [...sockets, ...pollers];
    await everybodyHears(clients, sockets[0], "from a WebSocket");
    await everybodyHears(clients, pollers[29], "from a polling client");
    await until("all in fetchSockets", async () => (await pollers[0].timeout(8000).emitWithAck("who")) === 60);
    assert.strictEqual((await status(app)).connections, 60);
    const lines = (await app.ask("/metrics")).body.split("\n");
    for (const line of ["socket_io_connected 60", 'socket_io_connect_total{namespace="/"} 60', 'socket_io_engine_connections{transport="polling"} 30',
      'socket_io_events_received_total{event="say",namespace="/"} 2', "socketio_runtime_adapter_up 1", "socket_io_unknown_session_total 0"]) {
      assert.ok(lines.includes(line), `${line} in\n${lines.filter((metric) => metric.startsWith("socket")).join("\n")}`);
    }
  });
}

test("clients that start with polling are upgraded, whichever worker gets their second connection", async () => {
  const app = await pod();
  const clients = await many(20, () => app.client({ transports: ["polling", "websocket"] }));
  await until("every upgrade", () => clients.every((client) => client.io.engine.transport.name === "websocket"));
  await everybodyHears(clients, clients[0], "hello");
  assert.match((await app.ask("/metrics")).body, /^socket_io_engine_connections\{transport="websocket"\} 20$/m);
});

test("requests of many sessions on one kept connection reach their workers", async () => {
  const app = await pod();
  const sessions = [];
  for (let i = 0; i < 9; i++) sessions.push(await new Polling(app.url).open(oneConnection()));
  const workerOf = await workers(app);
  assert.deepStrictEqual(new Set(sessions.map(({ sid }) => workerOf(sid))), new Set([1, 2, 3]));
  const shared = oneConnection();
  for (const session of sessions) {
    assert.match((await session.request(shared)).body, /^40/);
    assert.deepStrictEqual(await session.request(shared, { method: "POST", body: '42["say","hello"]' }), { status: 200, body: "ok" });
  }
  // names of headers are the client's choice
  const headers = { constructor: "x", ["__proto__"]: "x", "X-Forwarded-For": "192.0.2.1", "x-twice": ["a", "b"] };
  for (const session of sessions) assert.strictEqual((await session.request(shared, { method: "POST", body: '42["say"]', headers })).status, 200);
  assert.strictEqual((await sessions[0].request(shared, { sid: "unknown.2" })).status, 400);
  assert.strictEqual((await sessions[0].request(shared, { sid: "unknown.64" })).status, 400);
  assert.strictEqual((await status(app)).workers.filter(({ restarts }) => restarts > 0).length, 0);
  const home = await fetch(app.url);
  assert.deepStrictEqual([home.status, await home.text()], [200, "hello\n"]);
});

test("behind nginx, which shares its connections among all clients", { skip: !nginxAvailable() && "nginx is not installed" }, async (t) => {
  const app = await pod();
  const nginx = await Nginx.start(app.port);
  t.after(() => nginx.stop());
  const pollers = await many(15, () => app.client({ url: nginx.url, transports: ["polling"] }));
  const upgraded = await many(15, () => app.client({ url: nginx.url, transports: ["polling", "websocket"] }));
  await until("every upgrade", () => upgraded.every((client) => client.io.engine.transport.name === "websocket"));
  const clients = [...pollers, ...upgraded];
  const counts = await spread(app, clients);
  t.diagnostic(`sessions ${counts}`);
  assert.ok(Math.min(...counts) >= 1, String(counts));
  for (let i = 0; i < 3; i++) await everybodyHears(clients, clients[i], `through nginx ${i}`);
  assert.match((await app.ask("/metrics")).body, /^socket_io_unknown_session_total 0$/m);
  assert.match((await app.ask("/metrics")).body, /^socket_io_connect_total\{namespace="\/"\} 30$/m);
});

test("control: without sticky sessions a cluster of Node.js loses polling sessions", async () => {
  const app = await App.start("v4.8", { file: "plain-cluster.cjs", runtime: false });
  await until("the workers", () => app.log.match(/^port/gm).length === 3 || app.log);
  const statuses = new Set();
  for (let i = 0; i < 4; i++) {
    const session = await new Polling(app.url).shake(oneConnection());
    statuses.add((await session.request(oneConnection(), { method: "POST", body: "40" })).status);
  }
  assert.ok(statuses.has(400), [...statuses].join());
});

for (const [name, start, reached] of [
  ["a head that comes in two parts reaches its worker", () => pod(), true],
  ["control: @socket.io/sticky judges by the first part", () => App.start("v4.8", { file: "sticky.cjs", runtime: false }), false],
]) {
  test(name, async (t) => {
    const app = await start();
    const statuses = [];
    // One after the other: six at once, each part after its own handshake, come back to their workers by turns alone.
    for (let i = 0; i < 6; i++) {
      const { sid } = await new Polling(app.url).shake(oneConnection());
      const [head, rest] = ["POST /socket.io/?EIO=4&transport=polling", `&sid=${sid} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n40`];
      statuses.push(await requestInParts(app.port, head, rest));
    }
    t.diagnostic(`answers ${statuses}`);
    assert.strictEqual(statuses.every((answer) => answer === 200), reached);
  });
}

test("two pods of two workers with Redis: everybody hears once, and Redis carries each broadcast once", async (t) => {
  const env = { workers: 2, SOCKETIO_ADAPTER: "redis", SOCKETIO_RUNTIME_BROKER_URL: redis.url, SOCKETIO_ADAPTER_PREFIX: "pods" };
  const apps = await Promise.all([pod(env), pod(env)]);
  const clients = (await Promise.all(apps.map((app) => many(8, () => app.client())))).flat();
  const published = await redis.calls("publish");
  for (let i = 0; i < 10; i++) await everybodyHears(clients, clients[i], `broadcast ${i}`);
  t.diagnostic(`${(await redis.calls("publish")) - published} messages to Redis for 10 broadcasts`);
  assert.strictEqual((await redis.calls("publish")) - published, 10);
  await until("all in fetchSockets", async () => (await clients[0].timeout(8000).emitWithAck("who")) === 16);
  const [{ adapter }] = (await status(apps[0])).servers;
  assert.deepStrictEqual(adapter, { owner: "runtime", name: "redis", reachable: true, subscribed: true });
});

test("two Servers of one app stay two", async () => {
  const app = await pod({ file: "two-servers.cjs" });
  const firsts = await many(6, () => app.client());
  const second = await app.client({ path: "/second" });
  const heard = new Set();
  second.on("said", (text) => heard.add(text));
  for (const client of firsts) client.on("said", () => heard.add(client.id));
  await firsts[0].timeout(8000).emitWithAck("say", "to the first");
  await until("the first Server's clients", () => heard.size === 6 || heard.size);
  await second.timeout(8000).emitWithAck("say", "to the second");
  await until("the second Server's client", () => heard.has("to the second"));
  assert.strictEqual(heard.size, 7);
});

test("HTTPS, two ports and session ids of the app's own", async () => {
  const [key, certificate] = ["key.pem", "certificate.pem"].map((name) => path.join(folder, name));
  execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out", certificate], { stdio: "ignore" });
  const app = await pod({ file: "https.cjs", APP_KEY: key, APP_CERTIFICATE: certificate });
  const options = { url: app.url.replace("http:", "https:"), rejectUnauthorized: false };
  const pollers = await many(6, () => app.client({ ...options, transports: ["polling"] }));
  const upgraded = await many(9, () => app.client({ ...options, transports: ["polling", "websocket"] }));
  await until("every upgrade", () => upgraded.every((client) => client.io.engine.transport.name === "websocket"));
  assert.match(upgraded[0].io.engine.id, /^own-\d+-\d+\.[\w-]{36}$/);
  await until("all in fetchSockets", async () => (await pollers[0].timeout(8000).emitWithAck("who")) === 15);
});

test("a killed worker is replaced, and clients of the others notice nothing", async () => {
  const app = await pod();
  const clients = await many(12, () => app.client({ reconnectionDelay: 50 }));
  const [killed, ...others] = (await status(app)).workers;
  assert.match((await app.ask("/metrics")).body, /^socket_io_connect_total\{namespace="\/"\} 12$/m);
  const workerOf = await workers(app);
  const ends = new Set();
  for (const client of clients) {
    const worker = workerOf(client.io.engine.id);
    client.on("disconnect", () => ends.add(worker));
  }
  process.kill(killed.pid, "SIGKILL");
  await until("not ready", async () => {
    const { body } = await app.ask("/readyz");
    return body.reason === "WorkerNotUp" || body;
  });
  await app.ready();
  await until("every client's connection", () => clients.every((client) => client.connected));
  assert.deepStrictEqual([...ends], [1]);
  const { workers: now } = await status(app);
  assert.deepStrictEqual(now.map(({ restarts }) => restarts), [1, 0, 0]);
  assert.notStrictEqual(now[0].pid, killed.pid);
  assert.deepStrictEqual(now.slice(1).map(({ pid }) => pid), others.map(({ pid }) => pid));
  // the sum of a counter does not fall with a worker
  assert.match((await app.ask("/metrics")).body, /^socket_io_connect_total\{namespace="\/"\} 16$/m);
  // the fewest connections are with the new process
  assert.deepStrictEqual(await spread(app, await many(4, () => app.client())), [4, 0, 0]);
  assert.match(app.log, /workers: worker 1 ended \(SIGKILL\), started again in 1 s/);
  await everybodyHears(clients, clients[0], "after the restart");
});

for (const [file, code] of [["fails.cjs", 3], ["script.cjs", 5], ["script.cjs", 0]]) {
  test(`a program that ends without having served ends the pod with its exit code, ${file} ${code}`, () => {
    const env = { PATH: process.env.PATH, NODE_OPTIONS: `--require ${PRELOAD}`, SOCKETIO_WORKERS: "3" };
    const { status: exitCode, stdout } = spawnSync(NODE, [path.join(ROOT, "test", "apps", "v4.8", file), String(code)], { env, encoding: "utf8" });
    assert.strictEqual(exitCode, code);
    // the program ran once
    assert.strictEqual(stdout, "started\n");
  });
}

test("SIGTERM: every worker spreads its own disconnects, then exit 0", async (t) => {
  const app = await pod({ SOCKETIO_DRAIN_SECONDS: "2" });
  const clients = await many(60, () => app.client({ reconnection: false }));
  const ends = [];
  for (const client of clients) client.on("disconnect", () => ends.push(Date.now()));
  app.process.kill("SIGTERM");
  await until("the drain", async () => (await status(app)).draining);
  assert.strictEqual((await app.ask("/readyz")).status, 200);
  assert.strictEqual((await app.ask("/serving")).status, 404);
  assert.deepStrictEqual(await app.exit, { code: 0, signal: null }, app.log);
  await until("every client's end", () => ends.length === 60 || ends.length);
  const most = Math.max(...ends.map((from) => ends.filter((time) => time >= from && time < from + 500).length));
  t.diagnostic(`most disconnects in 0.5 s: ${most} of 60`);
  assert.ok(most <= 30, String(most));
  assert.strictEqual(app.log.match(/drain: 20 connections closed, 0 left/g).length, 3, app.log);
});

test("a drain that is told of ahead closes nobody before its time", async () => {
  const app = await pod({ workers: 2 });
  const client = await app.client({ reconnection: false });
  const asked = Date.now();
  assert.strictEqual((await post(app, "/drain", { seconds: 0, after: 1.5, terminating: true })).status, 202);
  assert.strictEqual((await app.ask("/serving")).status, 404);
  await until("the end", () => !client.connected);
  assert.ok(Date.now() - asked >= 1500, `closed after ${Date.now() - asked} ms`);
});

test("SIGTERM to the whole process group is one signal", async () => {
  const app = await pod({ workers: 2, SOCKETIO_DRAIN_SECONDS: "1" });
  const { workers } = await status(app);
  for (const { pid } of workers) process.kill(pid, "SIGTERM");
  app.process.kill("SIGTERM");
  assert.deepStrictEqual(await app.exit, { code: 0, signal: null }, app.log);
  assert.doesNotMatch(app.log, /SIGTERM again/);
});

test("drain, shed and the limit of connections hold for the pod", async () => {
  const app = await pod({ SOCKETIO_MAX_CONNECTIONS: "12" });
  const clients = await many(12, () => app.client({ reconnection: false }));
  await app.ready();
  assert.strictEqual((await fetch(`${app.url}/socket.io/?EIO=4&transport=polling`)).status, 503);
  assert.strictEqual((await app.ask("/shed", { method: "POST", token: "wrong" })).status, 401);
  assert.deepStrictEqual(await post(app, "/shed", { count: 7, seconds: 0 }), { status: 202, body: { count: 7, connections: 12, seconds: 0 } });
  await until("seven ends", () => clients.filter((client) => !client.connected).length === 7);
  await app.ready();
  assert.deepStrictEqual((await status(app)).workers.map(({ connections }) => connections).sort(), [1, 2, 2]);
  assert.deepStrictEqual((await post(app, "/drain", { seconds: 0 })).body, { draining: true, connections: 5, seconds: 0 });
  await until("every end", () => clients.every((client) => !client.connected));
  assert.strictEqual((await post(app, "/drain", { seconds: 0 })).status, 409);
  assert.strictEqual((await app.ask("/readyz")).body.reason, "Draining");
  assert.strictEqual((await app.ask("/serving")).status, 404);
});

test("a worker that hangs makes the pod unready and unhealthy", async () => {
  const app = await pod({ workers: 2 });
  const [, { pid }] = (await status(app)).workers;
  process.kill(pid, "SIGSTOP");
  const [readiness, health] = await Promise.all([app.ask("/readyz"), app.ask("/healthz")]);
  assert.deepStrictEqual(readiness.body, { ready: false, reason: "WorkerSilent", message: "worker 2 does not answer" });
  assert.strictEqual(health.status, 503);
  process.kill(pid, "SIGCONT");
  await app.ready();
});

test("an app that uses Node's cluster module by itself is run as it is", async () => {
  const app = await App.start("v4.8", { file: "own-cluster.cjs", env: { SOCKETIO_WORKERS: "3" } });
  await until("the app's two workers", () => app.log.match(/^port/gm).length === 2);
  assert.ok(app.facts.includes("workers: one process is started, the app forks its own by the cluster module"), app.log);
  const client = await app.client();
  assert.strictEqual(await client.timeout(8000).emitWithAck("who"), 1);
  app.process.kill("SIGTERM");
  assert.deepStrictEqual(await app.exit, { code: 0, signal: null });
});

test("an old Socket.IO is served by one process", async () => {
  const app = await App.start("v4.0", { env: { SOCKETIO_WORKERS: "3" } });
  await app.ready();
  const { alone, workers, servers } = await status(app);
  assert.deepStrictEqual([alone, workers.length, servers[0].adapter.owner], ["its Socket.IO is older than 4.1", 1, "unsupported"]);
  assert.strictEqual(await (await app.client()).timeout(8000).emitWithAck("who"), 1);
});
