"use strict";

const BEAT_MS = 5000;
// To wake up for a message costs a process up to 0.09 % of a core for each that comes in a second, and every pod wakes up
// for those of all the others. Five keep it below 0.5 %, however many pods there are: from 25 others on each sends more rarely.
const BEATS_PER_SECOND = 5;
// Pods notice that they are fewer one after the other. So the interval shrinks slowly: nobody expects heartbeats more often
// than those who have not noticed yet send them.
const SHRINKING = 0.9;
const HEARD_MS = 60_000;
// The operator calls a pod deaf after three.
const HEARD_INTERVALS = 4;

/**
 * @param {number} others  pods that are heard
 * @param {number} former  the interval so far, milliseconds
 * @returns {number} milliseconds from one heartbeat to the next
 */
function nextInterval(others, former) {
  return Math.max(BEAT_MS, (1000 * others) / BEATS_PER_SECOND, SHRINKING * former);
}

/** @returns {number} for how many milliseconds a pod counts as heard, if heartbeats come in that interval */
function heardFor(interval) {
  return Math.max(HEARD_MS, HEARD_INTERVALS * interval);
}

module.exports = { BEAT_MS, heardFor, nextInterval };
