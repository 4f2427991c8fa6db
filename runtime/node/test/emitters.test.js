"use strict";

const assert = require("assert");
const { spawn } = require("child_process");
const fs = require("fs");
const path = require("path");
const { test, afterEach } = require("node:test");
const { App, ROOT } = require("./support/app.js");
const { Emitter } = require("@socket.io/postgres-emitter");
const { eachAdapter } = require("./support/brokers.js");
const postgres = require("./support/postgres.js");
const { until } = require("./support/until.js");

const PAGE = fs.readFileSync(path.join(ROOT, "..", "..", "docs", "emitters.md"), "utf8");
const PREFIX = "team.chat";

afterEach(() => App.stopAll());

/** @returns {string} the example of the page under that heading */
function example(adapter) {
  const [, section] = PAGE.split(`\n## ${adapter}\n`);
  return /```js\n(.*?)```/s.exec(section)[1];
}

/** A client in the room of the examples, and what it hears. */
async function member(adapter, url, prefix) {
  const env = { SOCKETIO_ADAPTER: adapter, SOCKETIO_RUNTIME_BROKER_URL: url, SOCKETIO_ADAPTER_PREFIX: prefix };
  const app = await App.start("v4.8", { env });
  await app.ready();
  const [client, other] = [await app.client(), await app.client()];
  const heard = [];
  for (const event of ["said", "told"]) client.on(event, (text) => heard.push(text));
  other.on("told", (text) => heard.push(`not in the room: ${text}`));
  await client.timeout(8000).emitWithAck("join", "admins");
  return { client, heard };
}

test("postgres: what is binary reaches the clients of its namespace, and rooms can be changed from outside", { skip: !postgres.available() && "PostgreSQL is not there" }, async (t) => {
  const { Pool } = require("pg");
  const server = await postgres.PostgresServer.start();
  const pool = new Pool({ connectionString: server.url });
  // the end of the server
  for (const [event, of] of [["error", () => {}], ["connect", (client) => client.on("error", () => {})]]) pool.on(event, of);
  t.after(async () => {
    await pool.end();
    await App.stopAll();
    await server.remove();
  });
  const env = { SOCKETIO_ADAPTER: "postgres", SOCKETIO_RUNTIME_BROKER_URL: server.url, SOCKETIO_ADAPTER_PREFIX: PREFIX, APP_NAMESPACES: "^/rooms" };
  const app = await App.start("v4.8", { env });
  await app.ready();
  const [client, elsewhere] = [await app.client({ url: `${app.url}/rooms` }), await app.client()];
  const heard = [];
  client.on("said", (text) => heard.push(text));
  elsewhere.on("said", (text) => heard.push(`of another namespace: ${text}`));
  const io = new Emitter(pool, "/rooms", { channelPrefix: PREFIX });
  await until("the room", async () => io.socketsJoin("more") || (await client.timeout(8000).emitWithAck("state")).rooms.includes("more"));
  io.to("more").emit("said", Buffer.from([0, 255]));
  await until("the event", () => heard.length > 0);
  assert.deepStrictEqual(heard.map((bytes) => [...bytes]), [[0, 255]]);
});

eachAdapter((adapter, { url, skip }) => {
  test(`${adapter}: the page's example reaches the clients of its prefix, and no others`, { skip }, async (t) => {
    const [ours, theirs] = [await member(adapter, url(), PREFIX), await member(adapter, url(), "team.other")];
    const emitter = spawn(process.execPath, ["-e", example(adapter)], { cwd: ROOT, env: { PATH: process.env.PATH, BROKER_URL: url() }, stdio: ["ignore", "inherit", "inherit"] });
    t.after(() => emitter.kill());
    await until("both events", () => ours.heard.length >= 2 || ours.heard);
    theirs.client.emit("say", "the end");
    ours.client.emit("say", "the end");
    for (const { heard } of [ours, theirs]) await until("the end", () => heard.includes("the end"));
    assert.deepStrictEqual([ours.heard.sort(), theirs.heard], [["the end", "to a room", "to everybody"], ["the end"]]);
  });
});
