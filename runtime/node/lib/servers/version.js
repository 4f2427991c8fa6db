"use strict";

/** The oldest Socket.IO that is more than noted. */
const OLDEST = [4, 1];

/** @returns {boolean} whether a version, as numbers, is that one or a later one */
function atLeast(version, least) {
  return version[0] > least[0] || (version[0] === least[0] && version[1] >= least[1]);
}

module.exports = { OLDEST, atLeast };
