// Apps that a bundler put into one file, Socket.IO included.
"use strict";

const assert = require("assert");
const fs = require("fs");
const os = require("os");
const path = require("path");
const { test, before, after, afterEach } = require("node:test");
const { App } = require("./support/app.js");
const { assertApart, assertJoined, crosses } = require("./support/broadcast.js");
const { bundle } = require("./support/bundles.js");
const { nodeOf } = require("./support/node.js");
const { RedisServer } = require("./support/redis.js");
const { Switch } = require("./support/switch.js");
const { until } = require("./support/until.js");

const ADAPTERS = ["redis", "redis-sharded", "redis-streams"];
const BUNDLERS = ["esbuild", "esbuild --minify", "ncc", "rollup", "webpack"];

let redis;
let proxy;
before(async () => (redis = await RedisServer.start()));
afterEach(async () => {
  await App.stopAll();
  if (proxy) proxy.close();
  proxy = undefined;
});
after(() => redis.stop());

for (const [turn, bundler] of BUNDLERS.entries()) {
  const adapter = ADAPTERS[turn % ADAPTERS.length];

  test(`${bundler}, ${adapter}: broadcasts cross two processes and fetchSockets sees both`, async () => {
    const { status } = await assertJoined("bundled", { file: await bundle(bundler), adapter, redis });
    assert.strictEqual(status.servers[0].socketio, "4.6 or later, bundled");
  });

  test(`${bundler}: the client of a pod that drains finds its session on the other one`, async () => {
    const env = { SOCKETIO_ADAPTER: "redis-streams", SOCKETIO_RUNTIME_BROKER_URL: redis.url, SOCKETIO_ADAPTER_PREFIX: `drained-${turn}` };
    const how = { file: await bundle(bundler), env: { ...env, SOCKETIO_RECOVERY_MS: "60000", SOCKETIO_DRAIN_SECONDS: "1" } };
    const apps = await Promise.all([App.start("bundled", how), App.start("bundled", how)]);
    await Promise.all(apps.map((app) => app.ready()));
    proxy = await Switch.open(apps[0].port);
    const client = await apps[0].client({ url: proxy.url, reconnectionDelay: 100 });
    const { id } = client;
    await client.timeout(8000).emitWithAck("join", "a room");
    client.emit("say", "something to recover from");
    await new Promise((resolve) => client.once("said", resolve));
    proxy.target = apps[1].port;
    apps[0].process.kill("SIGTERM");
    await apps[0].exit;
    await until("the client's return", () => client.connected || apps[1].log);
    assert.match(apps[0].log, /drain: 1 connections closed, 0 left/);
    assert.deepStrictEqual([client.recovered, client.id], [true, id], apps[1].log);
    assert.deepStrictEqual((await client.timeout(8000).emitWithAck("state")).rooms, ["a room"]);
    assert.match((await apps[1].ask("/metrics")).body, /^socket_io_connected 1$/m);
  });

  test(`${bundler}, control: without the runtime broadcasts do not cross`, async () => assertApart("bundled", { file: await bundle(bundler) }));
}

for (const [turn, version] of ["v4.1", "v4.4", "v4.6"].entries()) {
  test(`a bundle of Socket.IO ${version} is joined as well`, async () => {
    const { status } = await assertJoined("bundled", { file: await bundle("esbuild --minify", version), adapter: ADAPTERS[turn], redis });
    assert.strictEqual(status.servers[0].socketio, version === "v4.6" ? "4.6 or later, bundled" : "4.1 or later, bundled");
  });
}

for (const name of ["16", "26"]) {
  test(`Node.js ${name} finds the Server of a bundle`, async () => {
    await assertJoined("bundled", { file: await bundle("webpack"), node: nodeOf(name), adapter: "redis", redis });
  });
}

test("workers share the port of a bundle", async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "socketio-runtime-bundle-"));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const file = path.join(folder, "server.js");
  fs.copyFileSync(await bundle("esbuild --minify"), file);
  const env = { SOCKETIO_WORKERS: "2", SOCKETIO_ADAPTER: "redis", SOCKETIO_RUNTIME_BROKER_URL: redis.url, SOCKETIO_ADAPTER_PREFIX: "workers" };
  const app = await App.start("bundled", { file, env });
  await app.ready();
  const clients = [await app.client(), await app.client()];
  const { workers } = (await app.ask("/status")).body;
  assert.deepStrictEqual(workers.map(({ connections }) => connections), [1, 1]);
  const heard = await crosses(clients, "hello");
  await until("the broadcast on the other worker", () => heard() || app.log);
});

test("a bundle of Socket.IO 4.0, which is too old, is left alone", async () => {
  const app = await App.start("bundled", { file: await bundle("esbuild", "v4.0") });
  const client = await app.client();
  assert.strictEqual(await client.timeout(8000).emitWithAck("adapter"), "Adapter");
  assert.deepStrictEqual(app.facts, [`side port ${app.sidePort}: open`]);
  assert.deepStrictEqual((await app.ask("/status")).body.servers, []);
});

test("an adapter that the app brings in its bundle is kept and reported", async () => {
  const env = { SOCKETIO_ADAPTER: "redis", SOCKETIO_RUNTIME_BROKER_URL: redis.url, APP_ADAPTER: "own" };
  const app = await App.start("bundled", { file: await bundle("esbuild"), env });
  const client = await app.client();
  assert.strictEqual(await client.timeout(8000).emitWithAck("adapter"), "OwnAdapter");
  assert.deepStrictEqual((await app.ask("/status")).body.servers[0].adapter, { owner: "app", name: "OwnAdapter" });
});
