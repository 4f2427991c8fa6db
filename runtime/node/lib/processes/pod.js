"use strict";

const { notReady, readinessOf } = require("../port/pod.js");
const { MetricSums } = require("./sums.js");

/**
 * This process and those like it as one pod.
 * @implements {import("../port/pod.js").Pod}
 */
class PodOfProcesses {
  /**
   * @param {import("./index.js").Processes} processes
   * @param {import("../control/drain.js").Drain} drain      of this process
   * @param {import("../port/metrics.js").Metrics} metrics   of this process
   */
  constructor(processes, drain, metrics) {
    this.processes = processes;
    this.ownDrain = drain;
    this.ownMetrics = metrics;
    this.sums = new MetricSums();
  }

  get draining() {
    return this.ownDrain.draining;
  }

  ask(question, bodyOf) {
    return this.processes.ask(question, bodyOf);
  }

  /** Ready if every process is. Reasons: ProcessSilent, and those of one. */
  state(answers) {
    for (const { name, answer, error } of answers) {
      if (error) return notReady("ProcessSilent", `${name} does not answer`);
      const state = readinessOf(answer);
      if (!state.ready) return answers.length > 1 ? { ...state, message: `${name}: ${state.message}` } : state;
    }
    return readinessOf(answers[0].answer);
  }

  drain(asked) {
    return this.ask("drain", () => asked);
  }

  terminates() {
    return this.ask("terminating");
  }

  // Once there were several, the sums go on with what those that are gone had counted.
  async metrics() {
    if (this.processes.alone && this.sums.empty) return this.ownMetrics.expose();
    const answers = await this.ask("metrics");
    for (const { pid, answer } of answers) if (answer) this.sums.take(pid, answer);
    return this.sums.expose(new Set(answers.map(({ pid }) => pid)));
  }

  describe(answers) {
    const several = answers.length > 1;
    const of = (pid, server) => ({ ...(several && { pid }), ...server });
    return {
      adapterAsked: answers[0].answer.adapterAsked,
      servers: answers.flatMap(({ pid, answer }) => (answer ? answer.servers.map((server) => of(pid, server)) : [])),
      ...(several && { processes: answers.map(describeOne) }),
    };
  }
}

function describeOne({ pid, answer }) {
  return answer ? { pid, ...readinessOf(answer), connections: answer.connections } : { pid, ready: false, reason: "ProcessSilent" };
}

module.exports = { PodOfProcesses };
