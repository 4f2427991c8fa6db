"use strict";

const { fork, spawn, spawnSync } = require("child_process");
const { once } = require("events");
const fs = require("fs");
const http = require("http");
const os = require("os");
const path = require("path");
const { cpuMs } = require("./processor-time.js");

// the app has a core to itself, all else the next one
const PINNED = os.cpus().length > 1 && spawnSync("taskset", ["--version"]).status === 0;
const APP_CORE = "0";
const REST_CORE = "1";
// V8 lets its young generation grow or not, by chance: processes of the same app then differ by 15 %.
const YOUNG_GENERATION = ["--min-semi-space-size=16", "--max-semi-space-size=16"];

/** Moves this process, and what it starts from now on, off the app's core. */
function leaveAppCore() {
  if (PINNED) spawnSync("taskset", ["-a", "-p", "-c", REST_CORE, String(process.pid)]);
}

/** The app under measurement. */
class AppProcess {
  /** @returns {Promise<AppProcess>} once it listens; `startMs` is how long that took */
  static async start(env) {
    const app = new AppProcess();
    const command = [process.execPath, ...YOUNG_GENERATION, path.join(__dirname, "cost-app.cjs")];
    if (PINNED) command.unshift("taskset", "-c", APP_CORE);
    const start = performance.now();
    app.process = spawn(command[0], command.slice(1), { env: { PATH: process.env.PATH, ...env }, stdio: ["ignore", "pipe", "inherit"] });
    const [text] = await once(app.process.stdout, "data");
    app.startMs = performance.now() - start;
    app.port = Number(/^port (\d+)$/m.exec(text)[1]);
    return app;
  }

  /** @returns {number} CPU time of all its threads so far, in milliseconds */
  cpuMs() {
    return cpuMs(this.process.pid);
  }

  /** @returns {number} resident memory in MiB */
  rssMiB() {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${this.process.pid}/status`, "utf8"))[1]) / 1024;
  }

  async stop() {
    this.process.kill("SIGKILL");
    await once(this.process, "exit");
  }
}

/** The process of the clients. */
class Load {
  constructor() {
    this.process = fork(path.join(__dirname, "cost-load.js"));
  }

  /** Runs a phase of cost-load.js. */
  async run(phase, how) {
    this.process.send({ phase, ...how });
    const [{ result, error }] = await once(this.process, "message");
    if (error) throw new Error(error);
    return result;
  }

  stop() {
    this.process.disconnect();
  }
}

/** Reads the metrics, as Prometheus would. */
async function scrape(port) {
  const [response] = await once(http.get({ host: "127.0.0.1", port, path: "/metrics", agent: false }), "response");
  if (response.statusCode !== 200) throw new Error(`/metrics answered ${response.statusCode}`);
  await once(response.resume(), "end");
}

module.exports = { AppProcess, Load, scrape, leaveAppCore };
