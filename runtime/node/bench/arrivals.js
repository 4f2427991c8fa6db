"use strict";

/** Numbered events as one client gets them. */
class Arrivals {
  /**
   * @param {import("socket.io-client").Socket} client
   * @param {string} event  its first argument is the number, as text
   */
  constructor(client, event) {
    /** @type {Map<number, {times: number, at: number}>} number -> how often it came, and first when (ms) */
    this.seen = new Map();
    this.late = 0;
    this.highest = -1;
    this.lastAt = performance.now();
    client.on(event, (text) => this.#note(Number(text)));
  }

  #note(number) {
    this.lastAt = performance.now();
    const known = this.seen.get(number);
    if (known) return (known.times += 1);
    this.seen.set(number, { times: 1, at: this.lastAt });
    if (number < this.highest) this.late += 1;
    this.highest = Math.max(this.highest, number);
    return 1;
  }

  /**
   * @param {number[]} sentAt  number -> when it was sent (ms)
   * @returns {{lost: number, twice: number, late: number, longestMs: number}} late: those that came after a later one;
   *   longestMs: the longest way of an event
   */
  account(sentAt) {
    const result = { lost: 0, twice: 0, late: this.late, longestMs: 0 };
    sentAt.forEach((sent, number) => {
      const arrival = this.seen.get(number);
      if (!arrival) return (result.lost += 1);
      if (arrival.times > 1) result.twice += 1;
      return (result.longestMs = Math.max(result.longestMs, arrival.at - sent));
    });
    return result;
  }
}

/** Sends numbered events at a steady rate; a late timer is made up for. */
class Source {
  /** @param {(number: number) => void} send */
  constructor(send, perSecond) {
    /** number -> when it was sent (ms) */
    this.sentAt = [];
    const start = performance.now();
    this.timer = setInterval(() => {
      const due = ((performance.now() - start) * perSecond) / 1000;
      while (this.sentAt.length < due) send(this.sentAt.push(performance.now()) - 1);
    }, 1000 / perSecond);
  }

  stop() {
    clearInterval(this.timer);
  }
}

module.exports = { Arrivals, Source };
