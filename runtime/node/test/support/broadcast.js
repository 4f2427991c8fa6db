"use strict";

const assert = require("assert");
const { randomUUID } = require("crypto");
const { App } = require("./app.js");
const { until } = require("./until.js");

/** Starts two processes of an app and connects a client to each. `how` as for `App.start`. */
async function pair(folder, how) {
  const apps = await Promise.all([App.start(folder, how), App.start(folder, how)]);
  return { apps, clients: await Promise.all(apps.map((app) => app.client())) };
}

/** Says something on the first process and returns whether the second one's client hears it. */
async function crosses([speaker, listener], text) {
  const heard = new Set();
  for (const client of [speaker, listener]) client.on("said", (said) => heard.add(`${client.id} ${said}`));
  speaker.emit("say", text);
  await until("the speaker's own copy", () => heard.has(`${speaker.id} ${text}`));
  return () => heard.has(`${listener.id} ${text}`);
}

/** Two processes are one chat: broadcasts cross, fetchSockets sees both, and /status names the runtime's adapter. */
async function assertJoined(folder, { adapter, redis, ...how }) {
  // a prefix of its own: processes of other tests, which were killed, would be waited for
  const prefix = randomUUID();
  const env = { ...how.env, SOCKETIO_ADAPTER: adapter, SOCKETIO_RUNTIME_BROKER_URL: redis.url, SOCKETIO_ADAPTER_PREFIX: prefix };
  const { apps, clients } = await pair(folder, { ...how, env });
  await Promise.all(apps.map((app) => app.ready()));
  const heard = await crosses(clients, "hello");
  await until("the broadcast on the other process", () => heard() || apps[1].log);
  await until("both sockets in fetchSockets", async () => (await clients[0].timeout(8000).emitWithAck("who")) === 2);
  const { body } = await apps[0].ask("/status");
  assert.deepStrictEqual(body.servers[0].adapter, { owner: "runtime", name: adapter, reachable: true, subscribed: true });
  return { apps, clients, status: body };
}

/** The control: without the runtime each process is a chat of its own. */
async function assertApart(folder, how) {
  const { apps, clients } = await pair(folder, { ...how, runtime: false });
  const heard = await crosses(clients, "hello");
  for (const client of clients) assert.strictEqual(await client.timeout(8000).emitWithAck("who"), 1);
  assert.strictEqual(heard(), false);
  return { apps, clients };
}

module.exports = { assertApart, assertJoined, crosses };
