"use strict";

const assert = require("node:assert");
const { spawn } = require("node:child_process");
const { test } = require("node:test");
const { io } = require("socket.io-client");
const { Directed } = require("./support/directed.js");
const { Listed, ADDRESSES } = require("./support/listed.js");
const { ROOT } = require("./support/app.js");
const { until } = require("./support/until.js");

const [FIRST, SECOND, THIRD] = ADDRESSES;
const IN_TIME = 3000;
const CLIENTS = { 2: "./apps/v2.5/node_modules/socket.io-client", 3: "socket.io-client-3", 4: "socket.io-client" };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function directed(t, ...how) {
  const servers = await Listed.start(...how);
  const clients = new Directed(servers);
  t.after(() => {
    clients.stop();
    return servers.stop();
  });
  return { servers, clients };
}

for (const [version, module] of Object.entries(CLIENTS)) {
  for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
    test(`a drain: 30 clients of socket.io-client ${version}, ${transports}`, async (t) => {
      const { servers, clients } = await directed(t, ADDRESSES, { APP_OPTIONS: JSON.stringify({ allowEIO3: true }) });
      const exports = require(module);
      await clients.join(30, { io: exports.io || exports, transports });
      const before = clients.spread();
      for (const address of ADDRESSES) {
        assert.ok(before[address] > 0, JSON.stringify(before));
        assert.equal(await clients.counted(address), before[address]);
      }
      const took = servers.drain(SECOND).then(() => clients.settled(SECOND));
      assert.ok((await took) < IN_TIME, `${await took} ms`);
      const after = clients.spread();
      t.diagnostic(`${JSON.stringify(before)} -> ${JSON.stringify(after)} in ${await took} ms`);
      assert.equal(await clients.counted(SECOND), 0);
      assert.equal((await clients.counted(FIRST)) + (await clients.counted(THIRD)), 30);
    });
  }
}

test("a server ends and comes back: clients move from it, and only new ones to it", async (t) => {
  const { servers, clients } = await directed(t, ADDRESSES, { SOCKETIO_DRAIN_SECONDS: "1" });
  const sockets = await clients.join(30);
  const { process: ending, exit } = servers.apps.get(THIRD);
  ending.kill("SIGTERM");
  await exit;
  const took = await clients.settled(THIRD);
  t.diagnostic(`${took} ms after the end of the process`);
  assert.ok(took < IN_TIME, `${took} ms`);
  const ids = sockets.map(({ id }) => id);
  await servers.add(THIRD);
  await pause(2500);
  assert.deepEqual(sockets.map(({ id }) => id), ids);
  const added = await clients.join(12);
  assert.ok(clients.spread(added)[THIRD] > 6, JSON.stringify(clients.spread(added)));
});

test("control: a client of one server does not come back when that server ends, a directed one does", async (t) => {
  const { servers, clients } = await directed(t);
  const [socket] = await clients.join(1);
  const { uri } = socket.io;
  const plain = io(uri, { forceNew: true });
  t.after(() => plain.disconnect());
  await until("the plain client", () => plain.connected);
  await servers.apps.get(new URL(uri).hostname).stop();
  assert.ok((await clients.settled(new URL(uri).hostname)) < IN_TIME);
  await pause(4000);
  assert.deepEqual([socket.connected, plain.connected], [true, false]);
});

test("weights: a server with little room gets few", async (t) => {
  const { servers, clients } = await directed(t, ADDRESSES, { SOCKETIO_MAX_CONNECTIONS: "40" });
  const [url] = servers.urls(FIRST);
  await Promise.all(Array.from({ length: 37 }, () => servers.apps.get(FIRST).client({ url })));
  await pause(1500);
  assert.deepEqual((await servers.list()).weights, [3, 40, 40]);
  await clients.join(30);
  const spread = clients.spread();
  t.diagnostic(JSON.stringify(spread));
  // 1.1 are expected; without weights 10
  assert.ok(spread[FIRST] <= 6, JSON.stringify(spread));
});

test("no list yet, and an empty one", async (t) => {
  const { servers, clients } = await directed(t, []);
  const joining = clients.join(5, { reconnectionDelayMax: 1000 });
  await pause(1000);
  assert.equal(clients.sockets.length, 0, "nobody listens");
  await servers.add(FIRST);
  await joining;
  await servers.drain(FIRST);
  await until("an empty list", async () => (await servers.list()).urls.length === 0);
  const late = clients.join(1);
  await pause(1500);
  assert.equal(clients.sockets.length, 5, "an empty list is none");
  await servers.add(SECOND);
  assert.deepEqual(clients.spread(await late)[SECOND], 1);
  // those that know only of the server that drains go back to it
  assert.equal(clients.spread()[FIRST], 5);
});

test("the list cannot be had any more: the last one counts", async (t) => {
  const { servers, clients } = await directed(t);
  await clients.join(12, { reconnectionDelayMax: 1000 });
  await Promise.all([FIRST, SECOND].map((address) => servers.apps.get(address).stop()));
  const took = await clients.settled(FIRST, SECOND);
  t.diagnostic(`${took} ms`);
  clients.sockets[0].io.engine.close();
  await clients.settled(FIRST, SECOND);
});

test("namespaces", async (t) => {
  const { clients } = await directed(t, ADDRESSES, { APP_NAMESPACES: "^/rooms$" });
  const [socket] = await clients.join(1, { namespace: "/rooms" });
  assert.equal(socket.nsp, "/rooms");
  const before = socket.io.uri;
  socket.io.engine.close();
  await until("another server", () => socket.connected && socket.io.uri !== before);
});

const PROGRAM = `
  const { connect } = require("../../clients/discovery/index.cjs");
  const [, module, base, phase] = process.argv;
  const { io = require(module) } = require(module);
  const ended = new AbortController();
  const stop = (socket) => (phase === "disconnect" ? socket.disconnect() : ended.abort());
  const options = { signal: ended.signal, reconnectionDelay: 200, timeout: 1000 };
  if (phase === "seeking") setTimeout(stop, 500);
  connect(io, base, options).then((socket) => {
    console.log("there");
    if (phase === "connected") socket.on("connect", () => stop(socket));
    let attempts = 0;
    socket.io.on("reconnect_attempt", () => ++attempts === 3 && setTimeout(stop, 50, socket));
    socket.on("connect", () => console.log("connected"));
  }, (error) => console.log(error.name)).finally(() => process.once("beforeExit", () => console.log("empty")));
`;

function program(module, base, phase) {
  const child = spawn(process.execPath, ["-e", PROGRAM, require.resolve(module), base, phase], { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  child.text = "";
  child.stdout.on("data", (text) => (child.text += text));
  child.exit = new Promise((resolve) => child.once("close", (code) => resolve(code)));
  return child;
}

for (const [version, module] of Object.entries(CLIENTS)) {
  test(`whoever stops leaves nothing that keeps Node.js alive: socket.io-client ${version}`, async (t) => {
    const { servers } = await directed(t, [FIRST], { APP_OPTIONS: JSON.stringify({ allowEIO3: true }) });
    const seeking = program(module, servers.base(SECOND), "seeking");
    const connected = program(module, servers.base(), "connected");
    const reconnecting = ["disconnect", "abort"].map((phase) => program(module, servers.base(), phase));
    t.after(() => [seeking, connected, ...reconnecting].forEach((child) => child.kill("SIGKILL")));
    await until("connections", () => reconnecting.every(({ text }) => text.includes("connected")));
    await until("the end of those that stop before", async () => [await seeking.exit, await connected.exit].every((code) => code === 0));
    assert.match(seeking.text, /^AbortError/);
    assert.deepEqual(reconnecting.map(({ exitCode }) => exitCode), [null, null], "who does not stop goes on");
    await servers.apps.get(FIRST).stop();
    const began = Date.now();
    await until("the end of those that reconnect", async () => (await Promise.all(reconnecting.map(({ exit }) => exit))).every((code) => code === 0), 8);
    t.diagnostic(`${Date.now() - began} ms`);
    assert.ok(Date.now() - began < 6000);
  });
}
