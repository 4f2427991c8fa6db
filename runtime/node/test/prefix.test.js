"use strict";

const assert = require("assert");
const { test, afterEach } = require("node:test");
const { mongoCollection, postgresChannel, prefixOf, redisKey } = require("../lib/adapters/names.js");
const { App } = require("./support/app.js");
const { eachAdapter } = require("./support/brokers.js");
const { until } = require("./support/until.js");

const longest = (end) => "team.".padEnd(128 - end.length, "chat-") + end;
const OF_REDIS = ["team.chat-request", "team.chat-response"];
// what the operator gives, NAMESPACE.NAME, or somebody chooses
const FURTHER = {
  redis: OF_REDIS,
  "redis-sharded": OF_REDIS,
  "redis-streams": OF_REDIS,
  postgres: [longest("a"), longest("b")],
  mongo: [longest("a"), "system.chat"],
};
const WITH_TWO_SERVERS = "team.chat";
const NAMED_LIKE_A_SECOND = "team.chat-2";

afterEach(() => App.stopAll());

/** Clients of two processes that share a prefix, and what each of them hears. */
function group(name, clients) {
  const heard = clients.map((client) => {
    const texts = [];
    client.on("said", (text) => texts.push(text));
    return texts;
  });
  return { name, clients, heard };
}

async function groupsOf(prefix, { adapter, url }) {
  const file = prefix === WITH_TWO_SERVERS ? "two-servers.cjs" : "app.cjs";
  const env = { SOCKETIO_ADAPTER: adapter, SOCKETIO_RUNTIME_BROKER_URL: url, SOCKETIO_ADAPTER_PREFIX: prefix };
  const apps = await Promise.all([App.start("v4.8", { file, env }), App.start("v4.8", { file, env })]);
  await Promise.all(apps.map((app) => app.ready()));
  const first = group(prefix, await Promise.all(apps.map((app) => app.client())));
  if (file === "app.cjs") return [first];
  return [first, group(`${prefix}, second Server`, await Promise.all(apps.map((app) => app.client({ path: "/second" }))))];
}

eachAdapter((adapter, { url, skip }) => {
  test(`${adapter}: what is said under one prefix is heard under that prefix alone, by the second Server of a process too`, { skip }, async () => {
    const groups = [];
    for (const prefix of [WITH_TWO_SERVERS, NAMED_LIKE_A_SECOND, ...FURTHER[adapter]]) groups.push(...(await groupsOf(prefix, { adapter, url: url() })));
    for (const text of ["hello", "the end"]) {
      for (const { name, clients } of groups) clients[0].emit("say", `${name}: ${text}`);
      for (const { name, heard } of groups) {
        await until(`what ${name} said`, () => heard.every((texts) => texts.includes(`${name}: ${text}`)) || heard);
      }
    }
    for (const { name, clients, heard } of groups) {
      assert.deepStrictEqual(heard[1], [`${name}: hello`, `${name}: the end`]);
      assert.strictEqual(await clients[0].timeout(8000).emitWithAck("who"), 2, name);
    }
  });
});

test("names are those that programs outside expect, where the broker takes them", () => {
  assert.deepStrictEqual([prefixOf("team.chat", 1), redisKey("team.chat"), mongoCollection("team.chat")], ["team.chat", "team.chat", "team.chat-adapter-events"]);
  const longestThatFits = `${"x".repeat(61)}#/`;
  assert.strictEqual(postgresChannel(longestThatFits), longestThatFits);
});

test("names that a broker refuses are replaced by such as no other prefix has", () => {
  const names = ["system.chat", "system~chat", ".chat", "~chat", "team..chat", "team.chat"].map(mongoCollection);
  assert.strictEqual(new Set(names).size, names.length);
  for (const name of names) assert.doesNotMatch(name, /^system\.|^\.|\.\.|\.$|\$/);
  for (const channel of [`${longest("a")}#/`, `chat#/${"\u00fc".repeat(40)}`]) assert.ok(Buffer.byteLength(postgresChannel(channel)) <= 63);
});
