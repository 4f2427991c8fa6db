"use strict";

const { constants: { signals } } = require("os");
const { isMainThread } = require("worker_threads");
const { log, guarded } = require("../log.js");
const { inTime } = require("../in-time.js");

// Kubernetes sends the first, PM2 the second
const ENDING = ["SIGTERM", "SIGINT"];
const REPEAT_MS = 1000;
const CLOSE_MS = 1000;

/**
 * SIGTERM or SIGINT: drain, then the app's own handlers, then exit.
 *
 * Node delivers a signal by `process.emit(signal)`. That one call is held back until the drain has ended; the app's
 * handlers stay registered where the app put them and do not run before. So none of them can end the process early,
 * even by `process.exit()`. A second signal ends the process at once, unless it comes right after the first: one that is
 * sent to a process group arrives once more through a parent that passes it on, such as npm.
 */
class Shutdown {
  /**
   * @param {object} about
   * @param {import("../servers/index.js").Servers} about.servers
   * @param {import("./drain.js").Drain} about.drain
   * @param {number} [about.drainSeconds]  undefined: signals are the app's
   * @param {number} about.exitSeconds     what the app's handlers may take
   * @param {boolean} about.passedOn       whether a parent passes on each signal that the process gets
   * @param {() => Promise<void>} about.end  called after the drain
   */
  constructor({ servers, drain, drainSeconds, exitSeconds, passedOn, end }) {
    Object.assign(this, { servers, drain, drainSeconds, exitSeconds, passedOn, end });
    /** time of the first signal, milliseconds */
    this.asked = undefined;
    this.handedOver = false;
    this.ending = false;
    this.installed = false;
  }

  install() {
    if (this.installed || !isMainThread || this.drainSeconds === undefined) return;
    this.installed = true;
    // Deno calls each listener by itself: ours would keep the process alive, and the app's would not wait for it
    if (process.versions.deno) return log("signals are left to Deno: a drain begins by command");
    const emit = process.emit;
    const shutdown = this;
    process.emit = function (event, ...rest) {
      if (!ENDING.includes(event)) return emit.apply(this, arguments);
      shutdown.#tellHidden(event, rest);
      shutdown.#onSignal(event, (listeners) => listeners > 0 && emit.call(process, event, ...rest));
      return true;
    };
    const placeholder = () => {};
    for (const signal of ENDING) {
      // Node binds the `emit` of the moment when a signal gets its first listener: handlers that the app registered
      // before are registered anew, in their order, so that they are called through ours.
      const earlier = process.rawListeners(signal);
      process.removeAllListeners(signal);
      for (const listener of [placeholder, ...earlier]) process.on(signal, listener);
    }
    hide(placeholder);
  }

  // A listener that hides itself from `process.listeners()` belongs to a loader, not to the app, and is not held back: tsx
  // kills its child if that does not confirm the signal within 30 ms.
  #tellHidden(event, rest) {
    const shown = new Set(process.listeners(event));
    for (const listener of process.rawListeners(event)) {
      if (!shown.has(listener.listener || listener)) guarded("a loader's signal listener", () => listener.apply(process, rest));
    }
  }

  #onSignal(signal, handOver) {
    if (this.asked !== undefined) {
      const repeatable = this.passedOn || !this.handedOver;
      if (repeatable && Date.now() - this.asked < REPEAT_MS) return;
      log(`${signal} again: exit at once`);
      process.exit(128 + signals[signal]);
    }
    this.asked = Date.now();
    this.drain.finish(this.drainSeconds).then(async () => {
      await this.end();
      this.#afterDrain(signal, handOver);
    });
  }

  #afterDrain(signal, handOver) {
    const listeners = process.listeners(signal).length;
    this.handedOver = true;
    if (listeners === 0) return this.#exit();
    log(`${signal}: handed to the app's ${listeners === 1 ? "handler" : `${listeners} handlers`}, which may take ${this.exitSeconds} s`);
    setTimeout(() => this.#exit(), this.exitSeconds * 1000).unref();
    this.#followOwnSignal(signal);
    // outside the promise: an error in a handler of the app is the app's own, as it would be without us
    setImmediate(handOver, listeners);
  }

  // A handler that has done its part sends the signal anew, for the process to end by it: signal-exit at once, NestJS when its
  // hooks have run. It would be the second one.
  #followOwnSignal(expected) {
    const { kill } = process;
    process.kill = (pid, signal = "SIGTERM") => {
      if (pid !== process.pid || (signal !== expected && signal !== signals[expected])) return kill.call(process, pid, signal);
      this.#exit();
      return true;
    };
  }

  async #exit() {
    if (this.ending) return;
    this.ending = true;
    await inTime(Promise.all([...this.servers].map((server) => closeServer(server))), CLOSE_MS);
    log("exit");
    process.exit(0);
  }
}

// signal-exit looks whether others than itself listen.
function hide(listener) {
  const { listeners } = process;
  process.listeners = function (event) {
    const found = listeners.apply(this, arguments);
    return ENDING.includes(event) ? found.filter((one) => one !== listener) : found;
  };
}

async function closeServer(server) {
  if (!server.supported) return;
  const { broker, io } = server;
  const closing = io.close(() => {});
  if (broker) await broker.flush();
  await closing;
}

module.exports = { Shutdown };
