// Many packages register what they have to do at the end by signal-exit, which sends the signal anew to end the process by it
// if nobody else listens to it.
"use strict";

const assert = require("assert");
const { test, afterEach } = require("node:test");
const { App } = require("./support/app.js");

afterEach(() => App.stopAll());

for (const [version, file] of [["4", "app.cjs"], ["3", "older.cjs"]]) {
  for (const runtime of [true, false]) {
    test(`signal-exit ${version}${runtime ? ": the process ends right after the drain" : ", control: as without the runtime"}`, async () => {
      const app = await App.start("signal-exit", { file, runtime, env: { SOCKETIO_DRAIN_SECONDS: "1" } });
      await app.client({ reconnection: false });
      const asked = Date.now();
      app.process.kill("SIGTERM");
      assert.deepStrictEqual(await app.exit, runtime ? { code: 0, signal: null } : { code: null, signal: "SIGTERM" }, app.log);
      assert.ok(Date.now() - asked < 5000, app.log);
      assert.match(app.log, runtime ? /drain: 1 connections closed, 0 left\n[^]*the app's hook ran/ : /the app's hook ran/);
    });
  }
}
