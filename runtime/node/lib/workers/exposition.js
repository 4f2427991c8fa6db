"use strict";

const { Registry, Gauge, Counter } = require("prom-client");
const { MetricSums } = require("../processes/sums.js");

/** The metrics of all workers as one text: sums, unless a metric says otherwise; those of the pod beside them. */
class Exposition {
  /** @param {{workers: import("./slot.js").Slot[]}} primary */
  constructor(primary) {
    this.primary = primary;
    this.sums = new MetricSums();
    this.own = new Registry();
    const about = { labelNames: ["worker"], registers: [this.own] };
    const each = (set) => primary.workers.forEach((slot) => set({ worker: slot.number }, slot));
    new Gauge({ ...about, name: "socketio_runtime_worker_up", help: "1 if the worker's Socket.IO server listens",
      collect() { each((labels, { up }) => this.set(labels, Number(up))); } });
    new Gauge({ ...about, name: "socketio_runtime_worker_connections", help: "Transport connections of the worker",
      collect() { each((labels, { load }) => this.set(labels, load)); } });
    new Counter({ ...about, name: "socketio_runtime_worker_restarts_total", help: "Processes started in place of one that ended",
      collect() {
        this.reset();
        each((labels, { restarts }) => this.inc(labels, restarts));
      } });
    new Gauge({ name: "socketio_runtime_primary_resident_memory_bytes", help: "Memory of the process that holds the ports", registers: [this.own],
      collect() { this.set(process.memoryUsage.rss()); } });
    new Counter({ name: "socketio_runtime_primary_cpu_seconds_total", help: "Processor time of the process that holds the ports", registers: [this.own],
      collect() {
        const { user, system } = process.cpuUsage();
        this.reset();
        this.inc((user + system) / 1e6);
      } });
  }

  /**
   * @param {{slot: import("./slot.js").Slot, answer?: object[]}[]} answers  the metrics of each worker as prom-client's objects
   * @returns {Promise<{type: string, text: string}>}
   */
  async expose(answers) {
    for (const { slot, answer } of answers) if (answer && slot.pid) this.sums.take(slot.pid, answer);
    const alive = new Set(this.primary.workers.map(({ pid }) => pid));
    const [{ type, text }, own] = await Promise.all([this.sums.expose(alive), this.own.metrics()]);
    return { type, text: `${text}\n${own}` };
  }
}

module.exports = { Exposition };
