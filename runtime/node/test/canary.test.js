// The operator's own client: it learns which pod it came to and whether broadcasts cross. Nobody else sees the namespace.
"use strict";

const assert = require("assert");
const { createHmac, randomUUID } = require("crypto");
const fs = require("fs");
const os = require("os");
const path = require("path");
const { test, before, after, afterEach } = require("node:test");
const { io } = require("socket.io-client");
const { App } = require("./support/app.js");
const { RedisServer } = require("./support/redis.js");
const { until } = require("./support/until.js");

const TOKEN = "the-token-of-the-cluster";
const NAME = "/.socketio-runtime";
const ONE = "10.244.1.7";
const OTHER = "10.244.2.9";
const proof = (token) => createHmac("sha256", token).update("canary").digest("hex");
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "socketio-runtime-canary-"));
const tokenFile = path.join(folder, "token");

let redis;
before(async () => {
  fs.writeFileSync(tokenFile, `${TOKEN}\n`);
  redis = await RedisServer.start();
});
afterEach(() => App.stopAll());
after(async () => {
  fs.rmSync(folder, { recursive: true });
  await redis.stop();
});

function pod(version, env = {}, file) {
  return App.start(version, { file, env: { SOCKETIO_RUNTIME_ADDRESS: ONE, SOCKETIO_RUNTIME_TOKEN_FILE: tokenFile, ...env } });
}

const onRedis = (adapter) => ({ SOCKETIO_ADAPTER: adapter, SOCKETIO_RUNTIME_BROKER_URL: redis.url, SOCKETIO_ADAPTER_PREFIX: randomUUID() });

/** A client of the namespace that is let in. */
function canary(app, { token = TOKEN, ...options } = {}) {
  return app.client({ url: `${app.url}${NAME}`, auth: { canary: proof(token) }, ...options });
}

/** @returns {Promise<{message: string, data?: unknown}>} what a client is told that is not let in */
async function refusal(app, { name = NAME, auth, ...options } = {}) {
  const socket = io(`${app.url}${name}`, { forceNew: true, transports: ["websocket"], reconnection: false, auth, ...options });
  let told;
  socket.on("connect_error", (error) => (told = { message: error.message, data: error.data }));
  await until("a refusal", () => told !== undefined || socket.connected);
  socket.disconnect();
  return told;
}

for (const [version, adapter] of [["v4.1", "redis"], ["v4.4", "redis-sharded"], ["v4.8", "redis"], ["v4.8", "redis-streams"]]) {
  test(`a canary learns where it is, and what it says reaches the canaries of every pod, ${version} ${adapter}`, async () => {
    const env = onRedis(adapter);
    const apps = await Promise.all([ONE, OTHER].map((address) => pod(version, { ...env, SOCKETIO_RUNTIME_ADDRESS: address })));
    await Promise.all(apps.map((app) => app.ready()));
    const bystander = await apps[1].client();
    bystander.onAny((...event) => assert.fail(JSON.stringify(event)));
    const canaries = await Promise.all(apps.map((app, i) => canary(app, { transports: [i ? "polling" : "websocket"] })));
    assert.deepStrictEqual(await Promise.all(canaries.map((socket) => socket.timeout(8000).emitWithAck("where"))), [ONE, OTHER]);
    const heard = canaries.map(() => []);
    canaries.forEach((socket, i) => socket.onAny((...event) => heard[i].push(event)));
    const text = "x".repeat(64);
    canaries[0].emit("relay", text);
    const expected = [["relayed", text, ONE]];
    await until("the relay", () => heard.every((events) => events.length === 1) || heard);
    assert.deepStrictEqual(heard, [expected, expected]);
    assert.strictEqual(await bystander.timeout(8000).emitWithAck("who"), 1);
  });
}

test("control: with an adapter that does not cross only the pod's own canaries hear it", async () => {
  const apps = await Promise.all([ONE, OTHER].map((address) => pod("v4.8", { ...onRedis("redis"), SOCKETIO_RUNTIME_ADDRESS: address })));
  await Promise.all(apps.map((app) => app.ready()));
  const [speaker, other] = await Promise.all(apps.map((app) => canary(app)));
  const heard = [];
  for (const socket of [speaker, other]) socket.on("relayed", (text) => heard.push([socket === speaker, text]));
  speaker.emit("relay", "hello");
  await until("the speaker's own", () => heard.length > 0);
  await other.timeout(8000).emitWithAck("where");
  assert.deepStrictEqual(heard, [[true, "hello"]]);
});

for (const version of ["v4.1", "v4.4", "v4.8"]) {
  test(`everybody else is told what is told of an unknown namespace, ${version}`, async () => {
    const app = await pod(version, { APP_OPTIONS: '{"allowEIO3":true}' });
    const unknown = await refusal(app, { name: "/nobody" });
    assert.deepStrictEqual(unknown, { message: "Invalid namespace", data: undefined });
    const right = proof(TOKEN);
    for (const auth of [undefined, {}, { canary: proof("another") }, { canary: right.toUpperCase() }, { canary: TOKEN }, { canary: [right] }, { canary: { length: 64 } }, { canary: "" }, { token: right }]) {
      assert.deepStrictEqual(await refusal(app, { auth }), unknown);
    }
    const { io: connect } = require("socket.io-client-3");
    assert.deepStrictEqual((await refusal(app, { connect })).message, unknown.message);
    const without = await pod(version, { SOCKETIO_RUNTIME_TOKEN_FILE: "" });
    assert.deepStrictEqual(await refusal(without, { auth: { canary: right } }), unknown);
    assert.deepStrictEqual(await refusal(without, { auth: { canary: proof("") } }), unknown);
  });

  test(`a token that is replaced counts at once, ${version}`, async (t) => {
    const file = path.join(folder, version);
    fs.writeFileSync(file, "the first");
    const app = await pod(version, { SOCKETIO_RUNTIME_TOKEN_FILE: file });
    await canary(app, { token: "the first" });
    fs.writeFileSync(file, "the second");
    await until("the second", async () => (await refusal(app, { auth: { canary: proof("the second") } })) === undefined);
    assert.strictEqual((await refusal(app, { auth: { canary: proof("the first") } })).message, "Invalid namespace");
  });
}

for (const version of ["v4.1", "v4.8"]) {
  test(`an app that takes any namespace sees nothing of it, ${version}`, async () => {
    const app = await pod(version, {}, "catch-all.cjs");
    await canary(app);
    await refusal(app, { auth: { canary: proof("another") } });
    const client = await app.client();
    assert.deepStrictEqual(await client.timeout(8000).emitWithAck("seen"), { seen: ["middleware /", "connection /"], sockets: 1 });
    const any = await app.client({ url: `${app.url}/any` });
    assert.deepStrictEqual((await any.timeout(8000).emitWithAck("seen")).seen.slice(2), ["new /any", "middleware /any", "connection /any"]);
  });
}

test("nothing else is answered, and texts are short", async () => {
  const app = await pod("v4.8", onRedis("redis"));
  await app.ready();
  const [speaker, listener] = [await canary(app), await canary(app)];
  const heard = [];
  listener.onAny((...event) => heard.push(event));
  for (const text of ["x".repeat(65), 7, null, {}, ["x"], Buffer.from("x"), undefined]) speaker.emit("relay", text);
  for (const event of ["where", "relayed", "beat", "say", "x".repeat(1000)]) speaker.emit(event, "x");
  await assert.rejects(speaker.timeout(500).emitWithAck("relay", { toString: 1 }));
  speaker.emit("relay", "the last");
  await until("the last", () => heard.length > 0);
  assert.deepStrictEqual(heard, [["relayed", "the last", ONE]]);
  assert.doesNotMatch(app.log, /failed/);
});

test("at most twenty for a process; who leaves makes room", async () => {
  const app = await pod("v4.8");
  const twenty = await Promise.all(Array.from({ length: 20 }, () => canary(app)));
  const auth = { canary: proof(TOKEN) };
  assert.strictEqual((await refusal(app, { auth })).message, "Invalid namespace");
  twenty[0].disconnect();
  await until("room", async () => (await refusal(app, { auth })) === undefined);
  // many at once, of which none is counted yet
  for (const socket of twenty) socket.disconnect();
  await until("their ends", async () => (await app.ask("/status")).body.connections === 0);
  const told = await Promise.all(Array.from({ length: 40 }, async () => {
    const socket = io(`${app.url}${NAME}`, { forceNew: true, transports: ["websocket"], reconnection: false, auth });
    app.clients.push(socket);
    let refused = false;
    socket.on("connect_error", () => (refused = true));
    await until("an answer", () => refused || socket.connected);
    return refused;
  }));
  assert.strictEqual(told.filter(Boolean).length, 20);
});

test("metrics and traffic know nothing of canaries", async () => {
  const app = await pod("v4.8");
  const metrics = async () => (await app.ask("/metrics")).body.split("\n").filter((line) => /^socket_io_(connect|disconnect|events)/.test(line));
  const before = await metrics();
  const [one, two] = [await canary(app), await canary(app, { transports: ["polling"] })];
  one.emit("relay", "hello");
  await new Promise((resolve) => two.once("relayed", resolve));
  const { minute } = (await app.ask("/status")).body.traffic;
  assert.deepStrictEqual([minute.handshakes, minute.clients, minute.busiest], [0, 0, 0]);
  two.disconnect();
  await until("its end", async () => (await app.ask("/status")).body.connections === 1);
  assert.deepStrictEqual(await metrics(), before);
  // the control: another client is counted
  const client = await app.client();
  client.emit("say", "hello");
  await new Promise((resolve) => client.once("said", resolve));
  assert.notDeepStrictEqual(await metrics(), before);
  assert.strictEqual((await app.ask("/status")).body.traffic.minute.handshakes, 1);
});

test("a session that is recovered does not get a client in", async () => {
  const options = JSON.stringify({ connectionStateRecovery: { maxDisconnectionDuration: 60_000, skipMiddlewares: true } });
  const app = await pod("v4.8", { ...onRedis("redis-streams"), APP_OPTIONS: options });
  await app.ready();
  const client = await app.client();
  // an offset of its own comes with the first event
  client.emit("say", "hello");
  await new Promise((resolve) => client.once("said", resolve));
  const { _pid: pid, _lastOffset: offset } = client;
  assert.ok(pid && offset);
  client.io.engine.close();
  await until("its end", async () => (await app.ask("/status")).body.connections === 0);
  client.disconnect();
  assert.strictEqual((await refusal(app, { auth: { pid, offset } }) || {}).message, "Invalid namespace");
});
