"use strict";

const assert = require("assert");
const http = require("http");
const { spawn } = require("child_process");
const net = require("net");
const { test, afterEach } = require("node:test");
const { App, PRELOAD } = require("./support/app.js");
const { freePort } = require("./support/port.js");
const { until } = require("./support/until.js");

afterEach(() => App.stopAll());

const ASKED = {
  SOCKETIO_PING_INTERVAL: "7000",
  SOCKETIO_PING_TIMEOUT: "3000",
  SOCKETIO_CONNECT_TIMEOUT: "300",
  SOCKETIO_MAX_HTTP_BUFFER_SIZE: "2000",
  SOCKETIO_TRANSPORTS: "polling",
  SOCKETIO_RECOVERY_MS: "60000",
};

function get(app, query) {
  return new Promise((resolve, reject) => {
    http.get(`${app.url}/socket.io/?${query}`, (response) => {
      let body = "";
      response.on("data", (chunk) => (body += chunk)).on("end", () => resolve(body));
    }).on("error", reject);
  });
}

async function handshake(app, query = "EIO=4&transport=polling") {
  const text = await get(app, query);
  return JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
}

for (const version of ["v4.1", "v4.4", "v4.6", "v4.8"]) {
  test(`options from the environment are in the handshake, ${version}`, async () => {
    const app = await App.start(version, { env: ASKED });
    const given = await handshake(app);
    assert.deepStrictEqual({ ...given, sid: "", maxPayload: 2000 }, { sid: "", upgrades: [], pingInterval: 7000, pingTimeout: 3000, maxPayload: 2000 });
    if (version !== "v4.1" && version !== "v4.4") assert.strictEqual(given.maxPayload, 2000);
    const refused = await handshake(app, "EIO=4&transport=websocket");
    assert.deepStrictEqual(refused, { code: 0, message: "Transport unknown" });
    // a client that joins no namespace is sent a close packet after the connect timeout, long before the first ping
    assert.strictEqual(await get(app, `EIO=4&transport=polling&sid=${given.sid}`), "1");
  });
}

test("an explicit option of the app wins and is reported", async () => {
  const own = { pingInterval: 11000, connectTimeout: 20000, connectionStateRecovery: { maxDisconnectionDuration: 5000 } };
  const app = await App.start("v4.8", { env: { ...ASKED, APP_OPTIONS: JSON.stringify(own) } });
  const given = await handshake(app);
  assert.strictEqual(given.pingInterval, 11000);
  assert.strictEqual(given.pingTimeout, 3000);
  const { body } = await app.ask("/status");
  assert.deepStrictEqual(body.servers[0].appOptions.sort(), ["connectTimeout", "connectionStateRecovery", "pingInterval"]);
  assert.ok(app.facts.includes("option pingInterval: the app's own 11000 is kept, SOCKETIO_PING_INTERVAL is not applied"), app.log);
});

test("a recovery that the app asks for, and that skips its middlewares by Socket.IO's default, is reported", async () => {
  for (const [recovery, told] of [[{}, true], [{ skipMiddlewares: false }, undefined]]) {
    const app = await App.start("v4.8", { env: { APP_OPTIONS: JSON.stringify({ connectionStateRecovery: recovery }) } });
    const [server] = (await app.ask("/status")).body.servers;
    assert.deepStrictEqual([server.recovery, server.skipsMiddlewares], [true, told]);
  }
  const app = await App.start("v4.8", { env: { SOCKETIO_RECOVERY_MS: "60000" } });
  assert.strictEqual((await app.ask("/status")).body.servers[0].skipsMiddlewares, undefined, "the runtime's own does not");
});

test("values that are not understood are reported and ignored", async () => {
  const app = await App.start("v4.8", { env: { SOCKETIO_PING_INTERVAL: "soon", SOCKETIO_TRANSPORTS: "polling,pigeon" } });
  assert.strictEqual((await handshake(app)).pingInterval, 25000);
  assert.ok(app.facts.includes("SOCKETIO_PING_INTERVAL is not a number from 1 to 86400000: ignored"), app.log);
  assert.ok(app.facts.some((fact) => fact.startsWith("SOCKETIO_TRANSPORTS is not a comma list")), app.log);
});

// a client of 4.x speaks to 3.x; 2.x needs one of its own, which its server brings along
const OLD = [
  { folder: "v2.5", version: "2.5.1", protocol: 3, connect: require("./apps/v2.5/node_modules/socket.io-client") },
  { folder: "v3.1", version: "3.1.2", protocol: 4 },
  { folder: "v4.0", version: "4.0.2", protocol: 4 },
];

for (const { folder, version, protocol, connect } of OLD) {
  test(`${version}: the app works by itself and one line says so`, async () => {
    const env = { ...ASKED, SOCKETIO_ADAPTER: "redis", SOCKETIO_RUNTIME_BROKER_URL: "redis://127.0.0.1:1", SOCKETIO_DRAIN_SECONDS: "3" };
    const app = await App.start(folder, { env });
    const [first, second] = [await app.client({ connect }), await app.client({ connect })];
    const heard = [];
    second.on("said", (text) => heard.push(text));
    first.emit("say", "hello");
    await until("the broadcast", () => heard.includes("hello"));
    assert.strictEqual((await handshake(app, `EIO=${protocol}&transport=polling`)).pingInterval, 25000);
    const { body } = await app.ask("/status");
    assert.deepStrictEqual([body.servers.length, body.servers[0].adapter.owner], [1, "unsupported"]);
    assert.strictEqual((await app.ask("/readyz")).status, 200);
    app.process.kill("SIGTERM");
    assert.deepStrictEqual(await app.exit, { code: null, signal: "SIGTERM" });
    assert.deepStrictEqual(app.facts, [
      `socket.io ${version} is older than 4.1: the app is left alone, without adapter and drain`,
      `side port ${app.sidePort}: open`,
    ]);
  });
}

test("a process without socket.io opens no port, says nothing and exits by itself", async () => {
  const port = await freePort();
  const env = { PATH: process.env.PATH, NODE_OPTIONS: `--require ${PRELOAD}`, SOCKETIO_RUNTIME_PORT: port, SOCKETIO_ADAPTER: "redis",
    SOCKETIO_RUNTIME_BROKER_URL: "redis://127.0.0.1:1", SOCKETIO_DRAIN_SECONDS: "3" };
  const script = "require('http'); setTimeout(() => console.log(process.listenerCount('SIGTERM') + process.listenerCount('SIGINT'), Object.keys(require.cache).length), 300)";
  const child = spawn(process.execPath, ["-e", script], { env });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  const ended = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
  await until("the script's start", () => child.pid > 0);
  const refused = await new Promise((resolve) => {
    net.connect(port, "127.0.0.1", () => resolve("connected")).once("error", (error) => resolve(error.code));
  });
  assert.strictEqual(refused, "ECONNREFUSED");
  assert.strictEqual(await ended, 0);
  // four modules: the preload file and its three hooks
  assert.strictEqual(output.trim(), "0 4");
});

test("an app that closes its Server exits by itself, with the adapter and the side port", async () => {
  const app = await App.start("v4.8", { file: "closes.cjs", env: { SOCKETIO_ADAPTER: "redis-streams", SOCKETIO_RUNTIME_BROKER_URL: "redis://127.0.0.1:1" } });
  assert.deepStrictEqual(await app.exit, { code: 0, signal: null }, app.log);
});
