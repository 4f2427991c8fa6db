// PM2 in a container: pm2-runtime starts two processes, which share the app's port, and sends SIGINT when the pod ends.
"use strict";

const assert = require("assert");
const fs = require("fs");
const os = require("os");
const path = require("path");
const { test, before, after, afterEach } = require("node:test");
const { App, ROOT } = require("./support/app.js");
const { disconnects } = require("./support/disconnects.js");
const { until } = require("./support/until.js");

const PM2 = path.join(ROOT, "test", "apps", "pm2", "node_modules", "pm2", "bin", "pm2-runtime");
let folder;
let addresses = 0;
before(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "socketio-runtime-test-"))));
afterEach(() => App.stopAll());
after(() => fs.rmSync(folder, { recursive: true }));

/** @returns {Promise<App>} when both processes answer, where the runtime is loaded */
async function started({ env, ...how } = {}) {
  const place = { SOCKETIO_RUNTIME_ADDRESS: `127.9.2.${++addresses}`, TMPDIR: folder, PM2_HOME: path.join(folder, `home-${addresses}`) };
  const command = [process.execPath, PM2, "start", "ecosystem.config.cjs"];
  const app = await App.start("pm2", { command, env: { ...place, SOCKETIO_DRAIN_SECONDS: "3", ...env }, ...how });
  if (how.runtime !== false) await until("both processes", async () => ((await app.ask("/status")).body.processes || []).length === 2 || app.log);
  return app;
}

const stop = (pid) => process.kill(pid, "SIGTERM");

test("below PM2 two processes answer as one, and both drain", async () => {
  const app = await started({ env: { PM2_KILL_MS: "8000" } });
  assert.strictEqual((await app.ask("/readyz")).status, 200);
  const { milliseconds } = await disconnects(app, stop);
  assert.ok(milliseconds > 1500, `all closed within ${milliseconds} ms`);
  const closed = [...app.log.matchAll(/drain: (\d+) connections closed, 0 left/g)].map(([, count]) => Number(count));
  assert.deepStrictEqual([closed.length, closed[0] + closed[1]], [2, 10], app.log);
});

test("control: PM2 kills after 1.6 s unless kill_timeout is longer than the drain", async () => {
  const app = await started();
  const { milliseconds } = await disconnects(app, stop);
  assert.ok(milliseconds < 3000, `${milliseconds} ms`);
  assert.match(app.log, /drain: \d+ connections over 3 s/);
  assert.doesNotMatch(app.log, /drain: \d+ connections closed/);
});

test("control: without the runtime all are cut at once", async () => {
  const { milliseconds } = await disconnects(await started({ runtime: false, env: { PM2_KILL_MS: "8000" } }), stop);
  assert.ok(milliseconds < 500, `${milliseconds} ms`);
});
