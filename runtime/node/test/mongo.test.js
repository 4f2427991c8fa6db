"use strict";

const assert = require("assert");
const { test, before, after, afterEach } = require("node:test");
const { recoveryRun } = require("../bench/recovery-run.js");
const { App } = require("./support/app.js");
const { MongoServer, binary } = require("./support/mongo.js");
const { until } = require("./support/until.js");

const options = { skip: binary() ? false : "mongod is not there: `make test-runtime` at the top of the repository brings it" };

let mongo;
before(async () => (mongo = options.skip ? undefined : await MongoServer.start()));
afterEach(() => App.stopAll());
after(() => mongo && mongo.remove());

async function start(count, version, prefix, env = {}) {
  const shared = { SOCKETIO_ADAPTER: "mongo", SOCKETIO_RUNTIME_BROKER_URL: mongo.url, SOCKETIO_ADAPTER_PREFIX: prefix };
  const apps = await Promise.all(Array.from({ length: count }, () => App.start(version, { env: { ...shared, ...env } })));
  await Promise.all(apps.map((app) => app.ready()));
  return apps;
}

function listen(client) {
  const heard = [];
  client.on("said", (text) => heard.push(text));
  return heard;
}

for (const version of ["v4.1", "v4.8"]) {
  test(`mongo: broadcasts cross, and fetchSockets sees both, ${version}`, options, async () => {
    const apps = await start(2, version, version);
    const [speaker, listener] = await Promise.all(apps.map((app) => app.client()));
    const heard = listen(listener);
    speaker.emit("say", "hello");
    await until("the broadcast", () => heard.includes("hello") || apps[0].log);
    await until("both sockets", async () => (await speaker.timeout(8000).emitWithAck("who")) === 2);
  });
}

test("control: with another prefix broadcasts do not cross", options, async () => {
  const apps = [...(await start(1, "v4.8", "one")), ...(await start(1, "v4.8", "other"))];
  const [speaker, listener] = await Promise.all(apps.map((app) => app.client()));
  const [local, remote] = [listen(speaker), listen(listener)];
  speaker.emit("say", "hello");
  await until("the speaker's own copy", () => local.includes("hello"));
  listener.emit("say", "later");
  await until("the listener's own copy", () => remote.includes("later"));
  assert.deepStrictEqual(remote, ["later"]);
});

test("mongo: the database is killed while events are sent: all arrive, once and in order, and local clients do not wait", options, async (t) => {
  const apps = await start(2, "v4.8", "killed");
  const [speaker, listener] = await Promise.all(apps.map((app) => app.client()));
  const [local, remote] = [listen(speaker), listen(listener)];
  let said = 0;
  const timer = setInterval(() => speaker.emit("say", String(said++)), 10);
  t.after(() => clearInterval(timer));
  await until("the first events", () => remote.length > 20);
  await mongo.stop("SIGKILL");
  await Promise.all(apps.map((app) => until("503", async () => (await app.ask("/readyz")).body.reason === "BrokerUnreachable" || app.log)));
  const before = said;
  await until("local events during the outage", () => local.includes(String(before + 50)) || local.length, 3);
  await mongo.start();
  await Promise.all(apps.map((app) => app.ready()));
  clearInterval(timer);
  const all = Array.from({ length: said }, (_, number) => String(number));
  await until("the last event", () => remote.includes(all[said - 1]) || remote.length);
  assert.deepStrictEqual(remote, all);
  assert.deepStrictEqual(local, all);
  for (const app of apps) assert.strictEqual(app.ended, undefined, app.log);
});

test("mongo: sessions are recovered on another process while it and a third one send: nothing missed, nothing twice", options, async () => {
  const { clients, recovered, lost, twice } = await recoveryRun("mongo");
  assert.deepStrictEqual({ recovered, lost, twice }, { recovered: clients, lost: 0, twice: 0 });
});
