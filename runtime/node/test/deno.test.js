// Deno loads what NODE_OPTIONS names, and calls the listeners of a signal itself: signals stay with it.
"use strict";

const assert = require("assert");
const fs = require("fs");
const os = require("os");
const path = require("path");
const { test, before, after, afterEach } = require("node:test");
const { App, ROOT } = require("./support/app.js");
const { assertApart, assertJoined } = require("./support/broadcast.js");
const { RedisServer } = require("./support/redis.js");
const { until } = require("./support/until.js");

const TOKEN = "of-these-tests";
const APP = path.join(ROOT, "test", "apps", "deno");
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "socketio-runtime-test-"));
const env = { DENO_DIR: folder, SOCKETIO_DRAIN_SECONDS: "30", SOCKETIO_RUNTIME_TOKEN_FILE: path.join(folder, "token") };
const deno = { command: [require(path.join(APP, "node_modules", "deno", "install_api.cjs")).runInstall(), "run", "-A", "app.cjs"], env };
let redis;
before(async () => {
  fs.writeFileSync(env.SOCKETIO_RUNTIME_TOKEN_FILE, TOKEN);
  redis = await RedisServer.start();
});
afterEach(() => App.stopAll());
after(async () => {
  await redis.stop();
  fs.rmSync(folder, { recursive: true });
});

test("Deno: broadcasts cross two processes", () => assertJoined("deno", { ...deno, adapter: "redis", redis }));

test("Deno, control: without the runtime they do not", () => assertApart("deno", deno));

test("Deno: a drain by command closes connections over its time, and the process stays", async () => {
  const app = await App.start("deno", deno);
  const closed = [];
  for (let i = 0; i < 4; i++) (await app.client({ reconnection: false })).on("disconnect", () => closed.push(Date.now()));
  const { status } = await app.ask("/drain", { method: "POST", token: TOKEN, body: JSON.stringify({ seconds: 1 }) });
  assert.strictEqual(status, 202);
  await until("all closed", () => closed.length === 4 || closed);
  assert.ok(closed[3] - closed[0] > 300, `${closed[3] - closed[0]} ms`);
  assert.strictEqual((await app.ask("/readyz")).body.reason, "Draining");
});

for (const runtime of [true, false]) {
  test(`Deno: SIGTERM ends a process without a listener at once${runtime ? "" : ", control: as without the runtime"}`, async () => {
    const app = await App.start("deno", { ...deno, runtime });
    await app.client({ reconnection: false });
    process.kill(app.process.pid, "SIGTERM");
    assert.deepStrictEqual(await Promise.race([app.exit, after3s()]), { code: null, signal: "SIGTERM" }, app.log);
    if (runtime) assert.match(app.log, /signals are left to Deno/);
  });
}

function after3s() {
  return new Promise((resolve) => setTimeout(resolve, 3000, "it did not end").unref());
}
