"use strict";

const cluster = require("cluster");
const { Channel } = require("./channel.js");

const LONGEST_WAIT_MS = 30_000;
const SHORT_LIFE_MS = 10_000;

/** The place of one worker in the pod: its process, and the process after it. */
class Slot {
  /**
   * @param {number} number  from 1
   * @param {{env: object, numberVariable: string, started: (slot: Slot) => void, ended: (slot: Slot, exit: {code: number, up: boolean}) => void}} hooks
   */
  constructor(number, hooks) {
    this.number = number;
    this.hooks = hooks;
    this.restarts = 0;
    this.failures = 0;
    this.#reset();
  }

  #reset() {
    this.worker = undefined;
    /** @type {Channel | undefined} */
    this.channel = undefined;
    this.hasServer = false;
    this.listens = false;
    /** connections, as far as is known */
    this.load = 0;
  }

  /** whether its Socket.IO server can be reached */
  get up() {
    return this.hasServer && this.listens;
  }

  get pid() {
    return this.worker && this.worker.process.pid;
  }

  start() {
    this.since = Date.now();
    this.worker = cluster.fork({ ...this.hooks.env, [this.hooks.numberVariable]: String(this.number) });
    this.channel = new Channel(this.worker.process);
    this.worker.on("error", () => {});
    this.worker.once("exit", (code, signal) => this.#ended(code, signal));
    this.hooks.started(this);
  }

  #ended(code, signal) {
    const { up } = this;
    const short = !up || Date.now() - this.since < SHORT_LIFE_MS;
    this.channel.close();
    this.failures = short ? this.failures + 1 : 0;
    this.#reset();
    this.hooks.ended(this, { code, signal, up });
  }

  /**
   * Starts the next process: at once after a long life, otherwise after 1 s, doubled with each short life up to 30 s.
   * @returns {number} milliseconds until then
   */
  restart() {
    const wait = this.failures === 0 ? 0 : Math.min(1000 * 2 ** (this.failures - 1), LONGEST_WAIT_MS);
    this.restarts += 1;
    this.timer = setTimeout(() => this.start(), wait);
    return wait;
  }

  /** No next process is started. */
  giveUp() {
    clearTimeout(this.timer);
  }

  kill(signal) {
    if (this.worker) this.worker.process.kill(signal);
  }
}

module.exports = { Slot };
