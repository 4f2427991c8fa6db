"use strict";

/**
 * Balancing methods: each makes a function that picks one of the members for a new connection.
 * @typedef {(members: {load: number}[]) => {load: number}} Pick  members: at least one; load: connections
 */
const METHODS = {
  /** @returns {Pick} the member with the fewest connections; of equals the one picked longest ago */
  "least-connection"() {
    const next = METHODS["round-robin"]();
    return (members) => {
      const least = Math.min(...members.map((member) => member.load));
      return next(members.filter((member) => member.load === least));
    };
  },
  /** @returns {Pick} one after the other */
  "round-robin"() {
    const turns = new WeakMap();
    let turn = 0;
    return (members) => {
      const since = (member) => turns.get(member) || 0;
      const chosen = members.reduce((first, member) => (since(member) < since(first) ? member : first));
      turns.set(chosen, ++turn);
      return chosen;
    };
  },
  /** @returns {Pick} any */
  random() {
    return (members) => members[Math.floor(Math.random() * members.length)];
  },
};

module.exports = { METHODS };
