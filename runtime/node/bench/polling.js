// What a request of a polling session costs behind a proxy that keeps its connections: `node bench/polling.js [rounds]`
// Eight connections carry the requests of 48 sessions, as an ingress proxy's do. Processor time is that of the server's
// processes together, so that it hardly depends on what else the machine does.
"use strict";

const { execFileSync } = require("child_process");
const fs = require("fs");
const http = require("http");
const { App } = require("../test/support/app.js");
const { Polling } = require("../test/support/polling.js");

const SESSIONS = 48;
const CONNECTIONS = 8;
const ROUNDS = Number(process.argv[2] || 20);
const TICKS_A_SECOND = 100;

// sessions that answer no ping would end on a slow machine
const APP_OPTIONS = JSON.stringify({ pingInterval: 3_600_000 });
const start = (env = {}, how = {}) => App.start("v4.8", { ...how, env: { ...env, APP_OPTIONS } });
const sticky = (workers) => start({ APP_WORKERS: String(workers) }, { file: "sticky.cjs", runtime: false });
const SERVERS = {
  "one process": () => start(),
  "SOCKETIO_WORKERS=2": () => start({ SOCKETIO_WORKERS: "2" }),
  "SOCKETIO_WORKERS=4": () => start({ SOCKETIO_WORKERS: "4" }),
  "@socket.io/sticky, 2 workers": () => sticky(2),
  "@socket.io/sticky, 4 workers": () => sticky(4),
};

function tree(pid) {
  let children = "";
  try {
    children = execFileSync("pgrep", ["-P", String(pid)], { encoding: "utf8" });
  } catch {
    // no children
  }
  return [pid, ...children.split("\n").filter(Boolean).flatMap((child) => tree(Number(child)))];
}

/** @returns {{seconds: number, mebibytes: number}} processor time so far and memory of a process with its children */
function usage(pid) {
  let [ticks, pages] = [0, 0];
  for (const each of tree(pid)) {
    const stat = fs.readFileSync(`/proc/${each}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
    ticks += Number(stat[11]) + Number(stat[12]);
    pages += Number(fs.readFileSync(`/proc/${each}/statm`, "utf8").split(" ")[1]);
  }
  return { seconds: ticks / TICKS_A_SECOND, mebibytes: Math.round(pages / 256) };
}

async function run(name, open) {
  const app = await open();
  if (app.log.includes("side port")) await app.ready();
  let connections = 0;
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const connect = agent.createConnection;
  agent.createConnection = function () {
    connections += 1;
    return connect.apply(this, arguments);
  };
  const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => new Polling(app.url).open(agent)));
  await Promise.all(sessions.map((session) => session.request(agent)));
  const times = [];
  let failures = 0;
  const ask = async (session) => {
    const asked = process.hrtime.bigint();
    const answers = [await session.request(agent, { method: "POST", body: '420["adapter"]' }), await session.request(agent)];
    times.push(Number(process.hrtime.bigint() - asked) / 1e6);
    failures += answers.filter(({ status }) => status !== 200).length;
  };
  const queue = Array.from({ length: ROUNDS }, () => sessions).flat();
  const before = usage(app.process.pid);
  connections = 0;
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    for (let session = queue.pop(); session; session = queue.pop()) await ask(session);
  }));
  const after = usage(app.process.pid);
  times.sort((a, b) => a - b);
  const requests = times.length * 2;
  console.log([name, `${(((after.seconds - before.seconds) / requests) * 1000).toFixed(2)} ms`, `${times[Math.floor(times.length / 2)].toFixed(1)} ms`,
    connections, failures, `${after.mebibytes} MiB`].join(" | "));
  agent.destroy();
  await app.stop();
}

async function main() {
  console.log("server | processor time a request | ask and answer, median | connections | failed | memory of all processes");
  for (const [name, open] of Object.entries(SERVERS)) await run(name, open);
}

main();
