"use strict";

const assert = require("assert");
const { setTimeout: delay } = require("timers/promises");
const { test, before, after, afterEach } = require("node:test");
const { outageRun } = require("../bench/outage-run.js");
const { App } = require("./support/app.js");
const { MongoServer, binary } = require("./support/mongo.js");
const { Switch } = require("./support/switch.js");
const { until } = require("./support/until.js");

const options = { skip: binary() ? false : "mongod is not there: `make test-runtime` at the top of the repository brings it" };

// from the election on, and from the loss of the primary on
const WHOLE_MS = 10_000;
const APART_MS = 5000;

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

test("mongo: what is binary crosses, too", options, async () => {
  const apps = await start(2, "v4.8", "binary");
  const [speaker, listener] = await Promise.all(apps.map((app) => app.client()));
  const heard = listen(listener);
  speaker.emit("say", { bytes: Buffer.from([0, 1, 255]) });
  await until("the broadcast", () => heard.length > 0 || apps[0].log);
  assert.deepStrictEqual([...heard[0].bytes], [0, 1, 255]);
});

test("mongo: sessions are not recovered, and the log says so", options, async () => {
  const [app] = await start(1, "v4.8", "recovery", { SOCKETIO_RECOVERY_MS: "60000" });
  assert.ok(app.facts.includes("recovery: the adapter mongo has none, SOCKETIO_RECOVERY_MS is not applied"), app.log);
  assert.strictEqual((await app.ask("/status")).body.servers[0].recovery, false);
});

const adapterOf = async (app) => (await app.ask("/status")).body.servers[0].adapter;

/** Two processes and what their clients heard, while numbers are said every 10 ms. */
async function conversation(t, prefix) {
  const apps = await start(2, "v4.8", prefix);
  const [speaker, listener] = await Promise.all(apps.map((app) => app.client()));
  const [local, remote] = [listen(speaker), listen(listener)];
  let said = 0;
  const timer = setInterval(() => speaker.emit("say", String(said++)), 10);
  t.after(() => clearInterval(timer));
  await until("the first events", () => remote.length > 20);
  const end = async () => {
    clearInterval(timer);
    speaker.emit("say", "the last one");
    await until("the last event", () => remote.includes("the last one") && local.length === said + 1);
    return said;
  };
  return { apps, local, remote, said: () => said, end };
}

const once = (heard) => new Set(heard).size === heard.length;

test("mongo: the database is killed while events are sent: local clients do not wait, nothing comes twice", options, async (t) => {
  const { apps, local, remote, said, end } = await conversation(t, "killed");
  await mongo.stop("SIGKILL");
  await Promise.all(apps.map((app) => until("the loss", async () => !(await adapterOf(app)).reachable || app.log)));
  const before = said();
  await until("local events during the outage", () => local.includes(String(before + 50)) || local.length, 3);
  await mongo.start();
  await Promise.all(apps.map((app) => until("the subscription", async () => (await adapterOf(app)).subscribed || app.log)));
  await until("events that cross again", () => remote.includes(String(before + 50)) || remote.length);
  await end();
  assert.deepStrictEqual([once(local), once(remote)], [true, true]);
  for (const app of apps) assert.strictEqual(app.ended, undefined, app.log);
});

// While the driver still looks for a server to resume its stream, and after the adapter has opened another.
const AWAY_MS = 3400;
const PLAIN = { runtime: false, file: "plain-mongo.cjs" };

/** Two processes with the adapter; the second one's way to the database is interrupted. */
async function interrupted(t, { plain }) {
  const proxy = await Switch.open(mongo.members[0].port);
  t.after(() => proxy.close());
  const direct = `mongodb://127.0.0.1:${proxy.port}/${plain ? "plain" : "runtime"}?directConnection=true&serverSelectionTimeoutMS=2000`;
  const urls = [mongo.url.replace("/chat", plain ? "/plain" : "/runtime"), direct];
  const apps = await Promise.all(urls.map((url) =>
    App.start("v4.8", plain ? { ...PLAIN, env: { BROKER_URL: url } } : { env: { SOCKETIO_ADAPTER: "mongo", SOCKETIO_RUNTIME_BROKER_URL: url } })));
  const [speaker, listener] = await Promise.all(apps.map((app) => app.client()));
  const heard = listen(listener);
  await until("the first event", () => speaker.emit("say", "early") && heard.length > 0);
  return { proxy, apps, speaker, listener, heard };
}

/** How often an event arrives that is said after the way was interrupted. */
async function timesHeard(t, which) {
  const { proxy, speaker, heard } = await interrupted(t, which);
  proxy.close();
  await delay(AWAY_MS);
  await proxy.listen();
  await delay(AWAY_MS);
  speaker.emit("say", "later");
  await until("the event", () => heard.includes("later"));
  await delay(500);
  return heard.filter((text) => text === "later").length;
}

/** What fetchSockets answers while the database is away: a number, an error as text, or that the process ended. */
async function asked(t, which) {
  const { proxy, apps, listener } = await interrupted(t, which);
  proxy.close();
  const ended = apps[1].exit.then(() => "the process ended");
  return listener.timeout(15_000).emitWithAck("who").catch((error) => Promise.race([ended, delay(1000, error.message)]));
}

test("mongo: after an interruption each event comes once", options, async (t) => {
  assert.strictEqual(await timesHeard(t, { plain: false }), 1);
});

test("control: with the adapter alone it comes twice", options, async (t) => {
  assert.strictEqual(await timesHeard(t, { plain: true }), 2);
});

test("mongo: what fails during an interruption is an error for the app and ends no process", options, async (t) => {
  assert.match(String(await asked(t, { plain: false })), /timeout reached/);
});

test("control: with the adapter alone the process ends", options, async (t) => {
  assert.strictEqual(await asked(t, { plain: true }), "the process ended");
});

for (const outage of ["step-down", "primary-killed"]) {
  test(`mongo: an election, ${outage}: no process ends, each hears the others again, nothing comes twice`, options, async (t) => {
    const { sent, same, other, died, dropped, apartMs, wholeMs } = await outageRun("mongo", outage);
    t.diagnostic(`${other.lost} of ${sent} lost on the other process, ${dropped} counted, whole again after ${Math.round(wholeMs)} ms`);
    assert.deepStrictEqual({ died, lost: same.lost, twice: same.twice + other.twice }, { died: 0, lost: 0, twice: 0 });
    assert.ok(wholeMs < WHOLE_MS, `whole again after ${wholeMs} ms`);
    // what is lost was under way when the primary went
    assert.ok(other.lost <= dropped, `${other.lost} lost, ${dropped} counted`);
    // a member that hands over takes no time in which nobody takes writes
    if (outage === "primary-killed") assert.ok(apartMs < APART_MS, `told after ${apartMs} ms`);
  });
}
