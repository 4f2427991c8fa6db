// Brokers whose certificate is signed by a private authority.
"use strict";

const assert = require("assert");
const fs = require("fs");
const os = require("os");
const path = require("path");
const { test, before, after, afterEach } = require("node:test");
const { App } = require("./support/app.js");
const { assertJoined } = require("./support/broadcast.js");
const { eachAdapter } = require("./support/brokers.js");
const { TlsFront, certificates } = require("./support/tls-front.js");
const { until } = require("./support/until.js");

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "socketio-runtime-tls-"));
let pair;
before(() => (pair = certificates(folder)));
after(() => fs.rmSync(folder, { recursive: true }));
afterEach(() => App.stopAll());

const URLS = {
  postgres: (port) => `postgres://app@127.0.0.1:${port}/postgres?sslmode=verify-full`,
  mongo: (port) => `mongodb://127.0.0.1:${port}/chat?tls=true&directConnection=true`,
};
const overTls = (adapter, port) => (URLS[adapter] || (() => `rediss://127.0.0.1:${port}`))(port);

eachAdapter((adapter, { url, skip }) => {
  test(`${adapter}: over TLS to a broker of a private authority, whose certificate is given`, { skip }, async () => {
    const front = await TlsFront.start(Number(new URL(url()).port), pair, adapter === "postgres");
    try {
      const broker = { url: overTls(adapter, front.port) };
      await assertJoined("v4.8", { adapter, redis: broker, env: { SOCKETIO_RUNTIME_BROKER_CA_FILE: pair.caFile } });

      // the control
      const alone = await App.start("v4.8", { env: { SOCKETIO_ADAPTER: adapter, SOCKETIO_RUNTIME_BROKER_URL: broker.url } });
      await until("the refusal", () => /self.signed certificate|unable to verify|broker mongo: away/.test(alone.log) || alone.log);
      assert.strictEqual((await alone.ask("/readyz")).body.reason, "BrokerUnreachable");
    } finally {
      await App.stopAll();
      front.stop();
    }
  });
});

test("without a file under that name the app goes on alone, and one line says why", async () => {
  const env = { SOCKETIO_ADAPTER: "redis", SOCKETIO_RUNTIME_BROKER_URL: "rediss://127.0.0.1:1", SOCKETIO_RUNTIME_BROKER_CA_FILE: path.join(folder, "none") };
  const app = await App.start("v4.8", { env });
  await app.ready();
  assert.match(app.facts.join("\n"), /adapter: redis failed to start, the app goes on without it: ENOENT/);
});
