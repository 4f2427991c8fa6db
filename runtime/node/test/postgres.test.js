"use strict";

const assert = require("assert");
const { test, before, after, afterEach } = require("node:test");
const { App } = require("./support/app.js");
const { PostgresServer, available } = require("./support/postgres.js");
const { until } = require("./support/until.js");

const RESTARTS = 5; // more than the pool has connections

const options = { skip: available() ? false : "PostgreSQL is not there: `make test-runtime` at the top of the repository brings it" };

let postgres;
before(async () => (postgres = options.skip ? undefined : await PostgresServer.start()));
afterEach(() => App.stopAll());
after(() => postgres && postgres.remove());

async function pair(version, { namespace = "/", ...variables } = {}) {
  const env = { SOCKETIO_ADAPTER: "postgres", SOCKETIO_RUNTIME_BROKER_URL: postgres.url, SOCKETIO_ADAPTER_PREFIX: version, ...variables };
  const apps = await Promise.all([App.start(version, { env }), App.start(version, { env })]);
  await Promise.all(apps.map((app) => app.ready()));
  const clients = await Promise.all(apps.map((app) => app.client({ url: app.url + namespace })));
  const heard = clients.map((client) => {
    const texts = [];
    client.on("said", (text) => texts.push(text));
    return texts;
  });
  return { apps, speaker: clients[0], local: heard[0], remote: heard[1] };
}

for (const version of ["v4.1", "v4.8"]) {
  test(`postgres: broadcasts cross, short and long, and fetchSockets sees both, ${version}`, options, async () => {
    const { apps, speaker, remote } = await pair(version);
    const long = "x".repeat(20_000);
    for (const text of ["hello", long]) {
      speaker.emit("say", text);
      await until("the broadcast", () => remote.includes(text) || apps[0].log);
    }
    await until("both sockets", async () => (await speaker.timeout(8000).emitWithAck("who")) === 2);
  });
}

for (const [what, namespace] of [
  ["of 100 characters", `/${"room".repeat(25)}`],
  ["that would end the identifier", '/room-"; DROP TABLE socket_io_attachments; --'],
]) {
  test(`postgres: broadcasts cross in a namespace ${what}, and its name is nothing but a name`, options, async () => {
    const { apps, speaker, remote } = await pair("v4.8", { namespace, APP_NAMESPACES: "^/room" });
    const long = "x".repeat(20_000);
    for (const text of ["hello", long]) {
      await until("the broadcast", () => speaker.emit("say", text) && remote.includes(text) || apps[0].log);
    }
    assert.strictEqual((await postgres.query("SELECT count(*) FROM socket_io_attachments")).rowCount, 1);
  });
}

test("postgres: an event of any length crosses, that of the longest notification included", options, async () => {
  const { speaker, remote } = await pair("v4.8");
  const said = Array.from({ length: 300 }, (_, number) => "x".repeat(7700 + number));
  for (const text of said) speaker.emit("say", text);
  await until("every event", () => remote.length === said.length || remote.length);
  assert.deepStrictEqual(remote.map(({ length }) => length).sort((one, other) => one - other), said.map(({ length }) => length));
});

test("postgres: a burst arrives in its order", options, async () => {
  const { speaker, local, remote } = await pair("v4.8");
  const said = Array.from({ length: 300 }, (_, number) => String(number));
  for (const text of said) speaker.emit("say", text);
  await until("the last event", () => remote.length === said.length || remote.length);
  assert.deepStrictEqual(remote, said);
  assert.deepStrictEqual(local, said);
});

test(`postgres: the database is restarted ${RESTARTS} times: it is heard again each time, and what was said meanwhile arrives`, options, async () => {
  const { apps, speaker, local, remote } = await pair("v4.8");
  const said = [];
  for (let restart = 0; restart < RESTARTS; restart++) {
    await postgres.stop();
    await Promise.all(apps.map((app) => app.hears(false)));
    said.push(`while away, ${restart}`);
    speaker.emit("say", said[restart]);
    await until("the local broadcast", () => local.includes(said[restart]), 2);
    await postgres.start();
    await Promise.all(apps.map((app) => app.hears(true)));
    await until("the broadcast", () => remote.includes(said[restart]) || apps[0].log);
  }
  assert.deepStrictEqual(remote, said);
  for (const app of apps) assert.strictEqual(app.ended, undefined, app.log);
});
