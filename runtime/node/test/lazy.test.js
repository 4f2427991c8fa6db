// Apps that make their Server late, or never, get ready all the same.
"use strict";

const assert = require("assert");
const { test, before, after, afterEach } = require("node:test");
const { App } = require("./support/app.js");
const { crosses } = require("./support/broadcast.js");
const { freePort } = require("./support/port.js");
const { RedisServer } = require("./support/redis.js");
const { until } = require("./support/until.js");

const LONG_SECONDS = 25;

let redis;
before(async () => (redis = await RedisServer.start()));
after(() => redis.stop());
afterEach(() => App.stopAll());

const readiness = async (app) => {
  const { status, body } = await app.ask("/readyz");
  return [status, body.ready, body.reason];
};
const withoutServer = (app) => until("readiness without a Server", async () => (await app.ask("/readyz")).status === 200, LONG_SECONDS);

test("an app that makes its Server with the first request gets that request, and is whole from then on", async () => {
  const env = { APP_LAZY: "yes", SOCKETIO_ADAPTER: "redis", SOCKETIO_RUNTIME_BROKER_URL: redis.url };
  const apps = await Promise.all([App.start("v4.8", { env }), App.start("v4.8", { env })]);
  await apps[0].opened();
  assert.deepStrictEqual(await readiness(apps[0]), [503, false, "NoServer"], "most apps make one soon");
  await Promise.all(apps.map(withoutServer));
  for (const app of apps) {
    assert.deepStrictEqual(await readiness(app), [200, true, "NoServer"]);
    const { servers, connections } = (await app.ask("/status")).body;
    assert.deepStrictEqual([servers, connections], [[], 0]);
    assert.match((await app.ask("/metrics")).body, /^socket_io_connected 0$/m);
    assert.strictEqual(await (await fetch(app.url)).text(), "hello\n");
  }
  await Promise.all(apps.map((app) => until("the Server", async () => (await readiness(app)).join() === "200,true,")));
  const heard = await crosses(await Promise.all(apps.map((app) => app.client())), "hello");
  await until("the broadcast on the other process", heard);
});

test("an app without a Server ends as it would by itself", async () => {
  const app = await App.start("v4.8", { env: { APP_LAZY: "yes", APP_SIGTERM: "exit", SOCKETIO_DRAIN_SECONDS: "5" } });
  app.process.kill("SIGTERM");
  assert.deepStrictEqual(await app.exit, { code: 7, signal: null });
});

test("an app that listens where no router looks is not ready, Server or none", async () => {
  const env = { APP_LAZY: "yes", APP_HOST: "0.0.0.0", SOCKETIO_RUNTIME_APP_PORT: "1" };
  const app = await App.start("v4.8", { env });
  await app.opened();
  const { status, body } = await app.ask("/readyz");
  assert.deepStrictEqual([status, body.reason, body.listens], [503, "ListensElsewhere", { port: app.port, loopback: false }]);
});

test("a process without a Server leaves the runtime's port to one that has one, which keeps it", async () => {
  const app = await App.start("v4.8", { command: [process.execPath, "beside.cjs"], env: { BESIDE_PORT: await freePort() } });
  await app.ready();
  const { pid, servers } = (await app.ask("/status")).body;
  assert.notStrictEqual(pid, app.process.pid);
  assert.strictEqual(servers.length, 1);
  assert.strictEqual((await app.ask("/yield", { method: "POST" })).status, 409);
  assert.strictEqual((await app.ask("/status")).body.pid, pid);
});
