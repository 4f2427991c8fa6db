// Apps that run several processes by themselves: the one that has the side port speaks for all.
"use strict";

const assert = require("assert");
const { spawnSync } = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");
const { test, before, after, afterEach } = require("node:test");
const { App } = require("./support/app.js");
const { until } = require("./support/until.js");

const TOKEN = "of-these-tests";
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "socketio-runtime-test-"));
const env = { SOCKETIO_RUNTIME_TOKEN_FILE: path.join(folder, "token"), TMPDIR: folder, SOCKETIO_DRAIN_SECONDS: "2" };
before(() => fs.writeFileSync(env.SOCKETIO_RUNTIME_TOKEN_FILE, TOKEN));
after(() => fs.rmSync(folder, { recursive: true }));
afterEach(() => App.stopAll());

let addresses = 0;
/** An app of two processes by Node's cluster module, with ten clients, which come to them in turn. */
async function started() {
  const app = await App.start("v4.8", { file: "own-cluster.cjs", env: { ...env, SOCKETIO_RUNTIME_ADDRESS: `127.9.0.${++addresses}` } });
  await until("both processes", async () => (await processes(app)).length === 2 || app.log);
  const closed = [];
  for (let i = 0; i < 10; i++) (await app.client({ reconnection: false })).on("disconnect", () => closed.push(i));
  return { app, closed };
}

const status = async (app) => (await app.ask("/status")).body;
const processes = async (app) => (await status(app)).processes || [];
const post = (app, route, body) => app.ask(route, { method: "POST", token: TOKEN, body: JSON.stringify(body) });

test("/readyz, /status and /metrics of an app with processes of its own are those of all", async () => {
  const { app } = await started();
  const { servers, connections, ready, pid } = await status(app);
  assert.deepStrictEqual([servers.length, connections, ready], [2, 10, true]);
  const both = await processes(app);
  assert.deepStrictEqual(both.map((one) => [one.ready, one.connections]), [[true, 5], [true, 5]]);
  assert.strictEqual(both[0].pid, pid);
  assert.deepStrictEqual(new Set(servers.map((server) => server.pid)), new Set(both.map((one) => one.pid)));
  assert.match((await app.ask("/metrics")).body, /^socket_io_connected 10$/m);
  assert.strictEqual((await app.ask("/readyz")).status, 200);
});

test("/shed takes connections of all processes, /drain closes those of all", async () => {
  const { app, closed } = await started();
  assert.deepStrictEqual((await post(app, "/shed", { count: 4, seconds: 0 })).body, { count: 4, connections: 10, seconds: 0 });
  await until("four fewer", () => closed.length === 4 || closed.length);
  assert.deepStrictEqual((await processes(app)).map(({ connections }) => connections), [3, 3]);
  assert.strictEqual((await post(app, "/drain", { seconds: 0, terminating: true })).status, 202);
  await until("all closed", () => closed.length === 10 || closed.length);
  assert.deepStrictEqual([(await app.ask("/serving")).status, (await app.ask("/readyz")).status], [404, 200]);
});

test("when the process that speaks ends another one does", async () => {
  const { app } = await started();
  const { pid } = await status(app);
  const other = (await processes(app)).find((one) => one.pid !== pid);
  process.kill(pid, "SIGKILL");
  await until("another one", async () => (await status(app)).pid === other.pid);
  const { connections, processes: rest } = await status(app);
  assert.deepStrictEqual([connections, rest], [5, undefined], "it is alone");
});

test("a process that is asked before it listens is found later", async () => {
  const address = "127.9.1.1";
  const opening = `
    const { Pipe } = process.binding("pipe_wrap");
    const { spawnSync } = require("child_process");
    const { Door, ask } = require("./lib/processes/door.js");
    const pod = { address: "${address}", port: 1 };
    const asking = \`require("./lib/processes/door.js").ask(\${JSON.stringify(pod)}, \${process.pid}, "state")
      .catch(({ code }) => console.log(code))\`;
    const { listen } = Pipe.prototype;
    Pipe.prototype.listen = function (...rest) {
      process.stdout.write(spawnSync(process.execPath, ["-e", asking]).stdout);
      return listen.apply(this, rest);
    };
    new Door(pod, new Map([["state", () => "here"]])).open();
    const again = () => ask(pod, process.pid, "state").then(console.log, () => setTimeout(again, 20));
    again();`;
  const options = { cwd: path.join(__dirname, ".."), env: { ...process.env, ...env }, timeout: 10_000 };
  const { stdout } = spawnSync(process.execPath, ["-e", opening], options);
  assert.strictEqual(String(stdout), "ECONNREFUSED\nhere\n");
});

test("a process that does not answer makes the pod neither ready nor alive", async () => {
  const { app } = await started();
  const { pid } = await status(app);
  const other = (await processes(app)).find((one) => one.pid !== pid).pid;
  process.kill(other, "SIGSTOP");
  const { status: code, body } = await app.ask("/readyz");
  assert.deepStrictEqual([code, body.reason, body.message], [503, "ProcessSilent", `process ${other} does not answer`]);
  assert.strictEqual((await app.ask("/healthz")).status, 503);
  process.kill(other, "SIGCONT");
  await app.ready();
});
