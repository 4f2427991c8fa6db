// A session is stored while it lives: what becomes of it does not depend on what its process still manages to say.
"use strict";

const assert = require("assert");
const { setTimeout: delay } = require("timers/promises");
const { test, before, after, beforeEach, afterEach } = require("node:test");
const { Redis } = require("ioredis");
const { App } = require("./support/app.js");
const { Gate } = require("./support/gate.js");
const { RedisServer } = require("./support/redis.js");
const { Switch } = require("./support/switch.js");
const { until } = require("./support/until.js");

// longer than the mirror takes to write what it saw
const WRITTEN_MS = 400;

let redis;
let client;
before(async () => {
  redis = await RedisServer.start();
  client = new Redis(redis.url);
});
const proxies = [];
beforeEach(() => client.flushall());
afterEach(async () => {
  await App.stopAll();
  for (const proxy of proxies.splice(0)) proxy.close();
});
after(async () => {
  client.disconnect();
  await redis.stop();
});

async function start({ url = redis.url, ...env } = {}) {
  const app = await App.start("v4.8", { env: { SOCKETIO_ADAPTER: "redis-streams", SOCKETIO_RUNTIME_BROKER_URL: url, SOCKETIO_RECOVERY_MS: "60000", ...env } });
  await app.ready();
  return app;
}

const several = (count, how) => Promise.all(Array.from({ length: count }, () => start(how)));
const ask = (socket, ...what) => socket.timeout(8000).emitWithAck(...what);

/** A client that is moved from process to process, and what it heard. */
async function mover(apps) {
  const proxy = await Switch.open(apps[0].port);
  proxies.push(proxy);
  const socket = await apps[0].client({ url: proxy.url, reconnectionDelay: 100, reconnectionDelayMax: 100 });
  const heard = [];
  const homecomings = [];
  for (const event of ["said", "told"]) socket.on(event, (text) => heard.push(text));
  socket.on("connect", () => homecomings.push(socket.recovered));
  const speaker = await apps[apps.length - 1].client();
  speaker.emit("say", "an offset");
  await until("an event to recover from", () => heard.includes("an offset"));
  return {
    socket, heard, speaker, homecomings,
    /** what happens to the process, and the client's return to another one */
    async move(to, happens) {
      const times = homecomings.length;
      proxy.target = to.port;
      await happens();
      await until("the client's return", () => homecomings.length > times && socket.connected);
    },
    cut: () => socket.io.engine.close(),
  };
}

const kill = (app) => () => app.process.kill("SIGKILL");

test("a process that is killed: the session goes on elsewhere, with its rooms, its data and what it missed", async () => {
  const apps = await several(2);
  const { socket, heard, speaker, homecomings, move } = await mover(apps);
  await ask(socket, "join", "admins");
  await ask(socket, "note", "one", 0);
  await delay(WRITTEN_MS);
  const { id } = socket;
  await move(apps[1], async () => {
    kill(apps[0])();
    await until("the loss", () => !socket.connected);
    speaker.emit("tell", "admins", "missed");
  });
  assert.deepStrictEqual([homecomings, socket.id], [[true], id]);
  assert.deepStrictEqual(await ask(socket, "state"), { rooms: ["admins"], data: { notes: ["one"] } });
  await until("what it missed", () => heard.filter((text) => text === "missed").length === 1 || heard);
});

test("control: with the mirror off it is a new session", async () => {
  const apps = await several(2, { SOCKETIO_RUNTIME_MIRROR: "off" });
  const { homecomings, move } = await mover(apps);
  await delay(WRITTEN_MS);
  await move(apps[1], kill(apps[0]));
  assert.deepStrictEqual(homecomings, [false]);
});

test("what the server took away stays away: drained, restored, removed from a room, killed, restored", async () => {
  const apps = await several(3, { SOCKETIO_DRAIN_SECONDS: "0" });
  const { socket, homecomings, move } = await mover(apps);
  await ask(socket, "join", "admins");
  await ask(socket, "join", "users");
  await move(apps[1], () => apps[0].process.kill("SIGTERM"));
  assert.deepStrictEqual((await ask(socket, "state")).rooms.sort(), ["admins", "users"]);
  await ask(socket, "leave", "admins");
  await delay(WRITTEN_MS);
  await move(apps[2], kill(apps[1]));
  assert.deepStrictEqual(homecomings, [true, true]);
  assert.deepStrictEqual((await ask(socket, "state")).rooms, ["users"]);
});

test("data that the app changes by itself is stored as well", async () => {
  const apps = await several(2);
  const { socket, move } = await mover(apps);
  await ask(socket, "note", "late", 1000);
  await delay(1000 + WRITTEN_MS);
  await move(apps[1], kill(apps[0]));
  assert.deepStrictEqual((await ask(socket, "state")).data, { notes: ["late"] });
});

test("a process that comes to itself does not write over what is true by now, and lets go of the client that it lost", async () => {
  const apps = await several(3);
  const { socket, homecomings, move, cut } = await mover(apps);
  await ask(socket, "join", "admins");
  await delay(WRITTEN_MS);
  apps[0].process.kill("SIGSTOP");
  await move(apps[1], cut);
  await ask(socket, "leave", "admins");
  await delay(WRITTEN_MS);
  apps[0].process.kill("SIGCONT");
  await until("the end of the lost client's socket", async () => (await apps[0].ask("/status")).body.connections === 0, 30);
  await move(apps[2], kill(apps[1]));
  assert.deepStrictEqual(homecomings, [true, true]);
  assert.deepStrictEqual((await ask(socket, "state")).rooms, []);
});

test("sessions are stored anew when Redis has lost them", async () => {
  const apps = await several(2);
  const { socket, heard, speaker, homecomings, move } = await mover(apps);
  await ask(socket, "join", "admins");
  await delay(WRITTEN_MS);
  await client.flushall();
  await client.client("KILL", "TYPE", "normal", "SKIPME", "yes");
  speaker.emit("say", "a new offset");
  await until("an event of the new stream", () => heard.includes("a new offset"), 30);
  await until("the session", async () => (await client.keys("*:session:*")).length === 2 || (await client.keys("*")));
  await move(apps[1], kill(apps[0]));
  assert.deepStrictEqual([homecomings, (await ask(socket, "state")).rooms], [[true], ["admins"]]);
});

test("a session that ended for good is not restored", async () => {
  const apps = await several(2);
  const { socket, homecomings, move } = await mover(apps);
  const { _pid: pid } = socket;
  socket.disconnect();
  await until("the end in Redis", async () => (await client.hget(`socket.io:session:${pid}`, "owner")) === "");
  await move(apps[1], () => socket.connect());
  assert.deepStrictEqual(homecomings, [false]);
});

test("sessions expire by themselves", async () => {
  const [app] = await several(1, { SOCKETIO_RECOVERY_MS: "2000" });
  await app.client();
  await until("the session", async () => (await client.keys("*:session:*")).length === 1);
  const [key] = await client.keys("*:session:*");
  const left = await client.pttl(key);
  assert.ok(left > 2000 && left <= 42_000, String(left));
  await app.stop();
});

test("an entry that Redis took, but whose answer was lost, is not added twice", async () => {
  const gate = await Gate.open(redis.port);
  proxies.push(gate);
  const apps = [await start({ url: gate.url }), await start()];
  const speaker = await apps[0].client();
  const listener = await apps[1].client();
  const heard = [];
  listener.on("said", (text) => heard.push(text));
  await ask(speaker, "adapter");
  const held = gate.holdFrom("xadd", 1);
  speaker.emit("say", "once");
  await held;
  await until("the event", () => heard.includes("once"));
  gate.cutHeld();
  speaker.emit("say", "afterwards");
  await until("the next event", () => heard.includes("afterwards"), 30);
  assert.deepStrictEqual(heard, ["once", "afterwards"]);
});

test("what a client was given while Redis was away is not given to it again by a restoration", async () => {
  const gate = await Gate.open(redis.port);
  proxies.push(gate);
  const apps = [await start({ url: gate.url }), await start()];
  const { socket, heard, homecomings, move, cut } = await mover(apps);
  const own = await apps[0].client();
  gate.shut();
  await until("the loss of Redis", async () => !(await apps[0].ask("/status")).body.servers[0].adapter.subscribed);
  own.emit("say", "while away");
  await until("the event", () => heard.includes("while away"));
  gate.reopen();
  await until("Redis", async () => (await apps[0].ask("/status")).body.servers[0].adapter.subscribed);
  const elsewhere = await apps[1].client();
  await until("the event in the stream", async () => JSON.stringify(await client.xrange("socket.io", "-", "+")).includes("while away"));
  await delay(WRITTEN_MS);
  await move(apps[1], cut);
  elsewhere.emit("say", "the end");
  await until("the last event", () => heard.includes("the end"));
  assert.deepStrictEqual(homecomings, [true]);
  assert.deepStrictEqual(heard, ["an offset", "while away", "the end"]);
});
