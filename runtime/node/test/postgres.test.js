"use strict";

const assert = require("assert");
const { test, afterEach } = require("node:test");
const { App } = require("./support/app.js");
const { PostgresServer, available } = require("./support/postgres.js");
const { until } = require("./support/until.js");

afterEach(() => App.stopAll());

const skip = available() ? false : "PostgreSQL's initdb and postgres are not on the PATH";

for (const version of ["v4.1", "v4.8"]) {
  test(`postgres: broadcasts cross, and cross again after a restart of the database, ${version}`, { skip }, async (t) => {
    const postgres = await PostgresServer.start();
    t.after(() => postgres.remove());
    const env = { SOCKETIO_ADAPTER: "postgres", SOCKETIO_RUNTIME_BROKER_URL: postgres.url };
    const apps = await Promise.all([App.start(version, { env }), App.start(version, { env })]);
    await Promise.all(apps.map((app) => app.ready()));
    const [speaker, listener] = await Promise.all(apps.map((app) => app.client()));
    const heard = new Set();
    listener.on("said", (text) => heard.add(text));
    speaker.emit("say", "hello");
    await until("the broadcast", () => heard.has("hello") || apps[0].log);
    const long = "x".repeat(20_000);
    speaker.emit("say", long);
    await until("the long broadcast", () => heard.has(long) || apps[0].log);
    await until("both sockets", async () => (await speaker.timeout(8000).emitWithAck("who")) === 2);
    await postgres.stop();
    await until("503", async () => (await apps[1].ask("/readyz")).body.reason === "BrokerUnreachable" || apps[1].log);
    await postgres.start();
    await Promise.all(apps.map((app) => app.ready()));
    speaker.emit("say", "again");
    await until("the broadcast after the restart", () => heard.has("again") || apps[0].log);
    for (const app of apps) assert.strictEqual(app.ended, undefined, app.log);
  });
}
