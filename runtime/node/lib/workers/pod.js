"use strict";

const { notReady, readinessOf } = require("../port/pod.js");
const { Exposition } = require("./exposition.js");

/**
 * The workers below their primary as one pod.
 * @implements {import("../port/pod.js").Pod}
 */
class PodOfWorkers {
  /**
   * @param {object} primary
   * @param {import("./slot.js").Slot[]} primary.workers  those that have or shall have a process
   * @param {string} [primary.alone]                      why there is one only
   * @param {import("../settings.js").Settings} settings
   * @param {() => void} begins                           called when a drain begins
   */
  constructor(primary, settings, begins) {
    this.primary = primary;
    this.settings = settings;
    this.begins = begins;
    this.exposition = new Exposition(primary);
    this.draining = false;
    this.terminating = false;
  }

  /** @returns {Promise<(import("../port/pod.js").Answer & {slot: import("./slot.js").Slot})[]>} of each worker that has a server */
  ask(question, bodyOf = () => ({})) {
    return Promise.all(this.primary.workers.filter((slot) => slot.hasServer).map((slot) => {
      const one = { slot, pid: slot.pid, name: `worker ${slot.number}` };
      return slot.channel.ask(question, bodyOf(slot.pid)).then((answer) => ({ ...one, answer }), (error) => ({ ...one, error }));
    }));
  }

  /** Ready if every worker is. Reasons: Draining, WorkerNotUp, WorkerSilent, and those of a single process. */
  state(answers) {
    if (this.draining && !this.terminating) return notReady("Draining", "connections are being moved elsewhere");
    for (const { name, answer, error } of answers) {
      if (error) return notReady("WorkerSilent", `${name} does not answer`);
      const state = readinessOf(answer);
      if (!state.ready) return { ...state, message: `${name}: ${state.message}` };
    }
    const missing = this.primary.workers.find((slot) => !answers.some((answer) => answer.slot === slot));
    return missing ? notReady("WorkerNotUp", `worker ${missing.number} has no Socket.IO server yet`) : { ready: true };
  }

  /** The pod ends by itself: its workers drain. */
  end() {
    this.draining = true;
    this.terminating = true;
    this.begins();
  }

  drain(asked) {
    this.draining = true;
    this.begins();
    return this.ask("drain", () => asked);
  }

  terminates() {
    this.terminating = true;
  }

  async metrics() {
    return this.exposition.expose(await this.ask("metrics"));
  }

  describe(answers) {
    const { workers, alone } = this.primary;
    return {
      adapterAsked: this.settings.adapter,
      balancing: this.settings.balancing,
      ...(alone ? { alone } : {}),
      servers: answers.flatMap(({ pid, answer }) => (answer ? answer.servers.map((server) => ({ pid, ...server })) : [])),
      workers: workers.map((slot) => describeOne(slot, answers.find((answer) => answer.slot === slot) || {})),
    };
  }
}

function describeOne({ number, pid, restarts }, { answer }) {
  const { ready = false, reason = "WorkerNotUp", connections = 0 } = answer || {};
  return { worker: number, pid, restarts, ready, ...(ready ? {} : { reason }), connections };
}

module.exports = { PodOfWorkers };
