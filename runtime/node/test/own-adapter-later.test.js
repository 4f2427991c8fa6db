// An app that sets its own adapter after ours: nothing of ours stays open, so that the process ends when the app has closed.
"use strict";

const assert = require("assert");
const { test, afterEach } = require("node:test");
const { App } = require("./support/app.js");
const { eachAdapter } = require("./support/brokers.js");

afterEach(() => App.stopAll());

eachAdapter((adapter, { url, skip }) => {
  for (const atOnce of [true, false]) {
    test(`${adapter}: an app that sets its own adapter ${atOnce ? "at once" : "later"} ends when it has closed`, { skip }, async () => {
      const env = { SOCKETIO_ADAPTER: adapter, SOCKETIO_RUNTIME_BROKER_URL: url(), ...(atOnce && { APP_AT_ONCE: "yes" }) };
      const app = await App.start("v4.8", { file: "changes-adapter.cjs", env });
      await app.ready();
      if (!atOnce) await fetch(`${app.url}/change`);
      assert.deepStrictEqual((await app.ask("/status")).body.servers[0].adapter, { owner: "app", name: "OwnAdapter" });
      await fetch(`${app.url}/close`);
      assert.deepStrictEqual(await inTime(app.exit, 5000), { code: 0, signal: null }, app.log);
    });
  }
});

function inTime(promise, milliseconds) {
  return Promise.race([promise, new Promise((resolve) => setTimeout(resolve, milliseconds, "it runs on").unref())]);
}
