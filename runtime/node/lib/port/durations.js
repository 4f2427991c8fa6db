"use strict";

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A histogram of seconds, counted without prom-client, which is loaded only when somebody asks for the metrics. */
class Durations {
  constructor() {
    /** how many fell below each bound, above all of them last */
    this.counts = Array(BOUNDS.length + 1).fill(0);
    this.sum = 0;
  }

  /** @param {number} seconds */
  add(seconds) {
    const place = BOUNDS.findIndex((bound) => seconds <= bound);
    this.counts[place < 0 ? BOUNDS.length : place] += 1;
    this.sum += seconds;
  }

  /** @returns {object[]} samples as prom-client has them */
  samples(name) {
    let total = 0;
    const buckets = [...BOUNDS, "+Inf"].map((le, i) => ({ metricName: `${name}_bucket`, labels: { le }, value: (total += this.counts[i]) }));
    return [...buckets, { metricName: `${name}_sum`, labels: {}, value: this.sum }, { metricName: `${name}_count`, labels: {}, value: total }];
  }
}

module.exports = { Durations };
