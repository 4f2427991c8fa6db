"use strict";

/** Whether one id of a stream ("milliseconds-sequence") comes after another. */
function isAfter(id, other) {
  const [milliseconds, sequence] = id.split("-").map(Number);
  const [otherMilliseconds, otherSequence] = other.split("-").map(Number);
  return milliseconds > otherMilliseconds || (milliseconds === otherMilliseconds && sequence > otherSequence);
}

/** @returns {string} the least id after that one */
function after(id) {
  const [milliseconds, sequence] = id.split("-");
  return `${milliseconds}-${BigInt(sequence) + 1n}`;
}

module.exports = { isAfter, after };
