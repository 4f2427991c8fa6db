"use strict";

const { closeAtOnce } = require("../servers/close-at-once.js");

/**
 * Makes way for a session that is restored: a process may still have the socket of that id, whose client is gone without a
 * word. When it was noticed later, the socket's end would take the rooms of the new one with it, as they share the id.
 * @param {object} nsp  the namespace
 * @param {string} sid  the session's id
 */
function makeWay(nsp, sid) {
  const earlier = nsp.sockets.get(sid);
  if (earlier) closeAtOnce(earlier.conn);
}

module.exports = { makeWay };
