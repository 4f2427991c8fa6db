"use strict";

const FIRST_MS = 1000;
const LONGEST_MS = 30_000;

/**
 * A broker that refuses a login will do so again, and many tries may lock the user out for everybody.
 * @param {number} refused  how many times in a row
 * @returns {number} milliseconds before the next try
 */
function loginWait(refused) {
  return Math.min(FIRST_MS * 2 ** (refused - 1), LONGEST_MS) * (0.75 + Math.random() / 2);
}

module.exports = { LONGEST_MS, loginWait };
