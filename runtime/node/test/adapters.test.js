"use strict";

const assert = require("assert");
const { execFileSync } = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");
const { test, before, after, afterEach } = require("node:test");
const { App, ROOT } = require("./support/app.js");
const { assertApart, assertJoined, crosses } = require("./support/broadcast.js");
const { RedisServer } = require("./support/redis.js");
const { until } = require("./support/until.js");

let redis;
before(async () => (redis = await RedisServer.start()));
afterEach(() => App.stopAll());
after(() => redis.stop());

for (const version of ["v4.1", "v4.4", "v4.6", "v4.8"]) {
  for (const file of ["app.cjs", "app.mjs"]) {
    for (const adapter of ["redis", "redis-sharded", "redis-streams"]) {
      test(`${adapter}: broadcasts cross two processes and fetchSockets sees both, ${version} ${file}`, () =>
        assertJoined(version, { file, adapter, redis }));
    }
  }
}

test("control: without the runtime broadcasts do not cross", () => assertApart("v4.8"));

test("two Servers of one process stay two, by prefix", async () => {
  const env = { SOCKETIO_ADAPTER: "redis", SOCKETIO_RUNTIME_BROKER_URL: redis.url };
  const app = await App.start("v4.8", { file: "two-servers.cjs", env });
  await app.ready();
  const [first, second] = [await app.client(), await app.client({ path: "/second" })];
  const heard = [];
  second.on("said", (text) => heard.push(text));
  await first.timeout(8000).emitWithAck("say", "to the first");
  await second.timeout(8000).emitWithAck("say", "to the second");
  await until("the second Server's own broadcast", () => heard.includes("to the second"));
  assert.deepStrictEqual(heard, ["to the second"]);
});

for (const [habit, how] of [["own", "by option"], ["later", "by io.adapter()"]]) {
  test(`an adapter of the app's own, set ${how}, is kept and reported`, async () => {
    const env = { SOCKETIO_ADAPTER: "redis", SOCKETIO_RUNTIME_BROKER_URL: redis.url, APP_ADAPTER: habit };
    const app = await App.start("v4.8", { env });
    const client = await app.client();
    assert.strictEqual(await client.timeout(8000).emitWithAck("adapter"), "OwnAdapter");
    const { body } = await app.ask("/status");
    assert.deepStrictEqual(body.servers[0].adapter, { owner: "app", name: "OwnAdapter" });
    assert.ok(app.facts.includes("adapter: the app's own is kept, SOCKETIO_ADAPTER=redis is not applied"), app.log);
    await app.ready();
  });
}

test("a runtime whose packages are missing leaves the app alone", async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "socketio-runtime-"));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  for (const part of ["preload.cjs", "package.json", "lib"]) execFileSync("cp", ["-r", path.join(ROOT, part), folder]);
  const env = { SOCKETIO_ADAPTER: "redis", SOCKETIO_RUNTIME_BROKER_URL: redis.url, SOCKETIO_DRAIN_SECONDS: "0" };
  const app = await App.start("v4.8", { env, preload: path.join(folder, "preload.cjs") });
  const [speaker, listener] = [await app.client(), await app.client()];
  const heard = await crosses([speaker, listener], "hello");
  await until("the broadcast", heard);
  assert.match(app.log, /adapter: redis failed to start, the app goes on without it: Cannot find module/);
  assert.strictEqual((await app.ask("/metrics")).status, 500);
  assert.strictEqual((await app.ask("/readyz")).status, 200);
});

for (const url of ["http://user:secret@127.0.0.1", "redis://user:secret@:not a url"]) {
  test(`a broker URL that is not understood leaves the app alone, ${url.split(":")[0]}`, async () => {
    const env = { SOCKETIO_ADAPTER: "redis", SOCKETIO_RUNTIME_BROKER_URL: url };
    const app = await App.start("v4.8", { env });
    const client = await app.client();
    assert.strictEqual(await client.timeout(8000).emitWithAck("who"), 1);
    assert.match(app.log, /failed to start, the app goes on without it/);
    assert.doesNotMatch(app.log, /secret/);
    // the app serves alone, which status and metrics do not hide
    const { body } = await app.ask("/status");
    assert.deepStrictEqual([body.adapterAsked, body.servers[0].adapter.owner], ["redis", "none"]);
    assert.match((await app.ask("/metrics")).body, /^socketio_runtime_adapter_up 0$/m);
  });
}
