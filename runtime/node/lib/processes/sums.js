"use strict";

/** The metrics of several processes as one text: sums, unless a metric says otherwise. */
class MetricSums {
  constructor() {
    /** the last values that each process gave, by pid */
    this.last = new Map();
    /** what the counters of processes that are gone had reached: without it a sum would fall, as if it had started anew */
    this.gone = [];
  }

  /** @param {object[]} metrics  of a process, as prom-client's objects */
  take(pid, metrics) {
    this.last.set(pid, metrics);
  }

  get empty() {
    return this.last.size === 0 && this.gone.length === 0;
  }

  /**
   * @param {Set<number>} alive  pids
   * @returns {Promise<{type: string, text: string}>}
   */
  async expose(alive) {
    const { AggregatorRegistry } = require("prom-client");
    for (const [pid, metrics] of this.last) {
      if (alive.has(pid)) continue;
      this.last.delete(pid);
      const counters = metrics.filter(({ type }) => type === "counter");
      this.gone = await AggregatorRegistry.aggregate([this.gone, counters]).getMetricsAsJSON();
    }
    const registry = AggregatorRegistry.aggregate([...this.last.values(), this.gone]);
    return { type: registry.contentType, text: await registry.metrics() };
  }
}

/** @returns {number[]} whole parts of count in proportion to the weights; their sum is count */
function shares(count, weights) {
  const total = sum(weights);
  let before = 0;
  return weights.map((weight) => {
    const from = Math.round((count * before) / total || 0);
    before += weight;
    return Math.round((count * before) / total || 0) - from;
  });
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

module.exports = { MetricSums, shares, sum };
