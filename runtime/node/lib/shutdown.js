"use strict";

const { log } = require("./log.js");
const { isMainThread } = require("worker_threads");
const { inTime } = require("./in-time.js");

const SIGNAL = "SIGTERM";
const CLOSE_MS = 1000;
const EXIT_CODE_TERMINATED = 128 + 15;

/**
 * SIGTERM: drain, then the app's own handlers, then exit.
 *
 * Node delivers a signal by `process.emit(signal)`. That one call is held back until the drain has ended; the app's
 * handlers stay registered where the app put them and do not run before. So none of them can end the process early,
 * even by `process.exit()`. A second SIGTERM ends the process at once.
 */
class Shutdown {
  /** @param {import("./runtime.js").Runtime} runtime */
  constructor(runtime) {
    this.runtime = runtime;
    this.asked = false;
    this.installed = false;
  }

  install() {
    if (this.installed || !isMainThread || this.runtime.settings.drainSeconds === undefined) return;
    this.installed = true;
    const emit = process.emit;
    const shutdown = this;
    process.emit = function (event, ...rest) {
      if (event !== SIGNAL) return emit.apply(this, arguments);
      shutdown.#onSignal((listeners) => listeners > 0 && emit.call(process, event, ...rest));
      return true;
    };
    // Node binds the `emit` of the moment when a signal gets its first listener: handlers that the app registered
    // before are registered anew, in their order, so that they are called through ours.
    const earlier = process.rawListeners(SIGNAL);
    process.removeAllListeners(SIGNAL);
    this.placeholder = () => {};
    for (const listener of [this.placeholder, ...earlier]) process.on(SIGNAL, listener);
  }

  #onSignal(handOver) {
    if (this.asked) {
      log(`${SIGNAL} again: exit at once`);
      process.exit(EXIT_CODE_TERMINATED);
    }
    this.asked = true;
    this.runtime.drain.start(this.runtime.settings.drainSeconds).then(() => this.#afterDrain(handOver));
  }

  #afterDrain(handOver) {
    const listeners = process.listeners(SIGNAL).filter((listener) => listener !== this.placeholder).length;
    if (listeners === 0) return this.#exit();
    const { exitSeconds } = this.runtime.settings;
    log(`${SIGNAL}: handed to the app's ${listeners === 1 ? "handler" : `${listeners} handlers`}, which may take ${exitSeconds} s`);
    setTimeout(() => this.#exit(), exitSeconds * 1000).unref();
    // outside the promise: an error in a handler of the app is the app's own, as it would be without us
    setImmediate(handOver, listeners);
  }

  async #exit() {
    const servers = [...this.runtime.servers.values()];
    await inTime(Promise.all(servers.map((server) => closeServer(server))), CLOSE_MS);
    log("exit");
    process.exit(0);
  }
}

async function closeServer(server) {
  if (!server.supported) return;
  const { broker, io } = server;
  const closing = io.close(() => {});
  if (broker) await broker.flush();
  await closing;
}

module.exports = { Shutdown };
