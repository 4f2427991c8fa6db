"use strict";

const { closeAtOnce } = require("../close-at-once.js");

/**
 * Makes way for a session that is restored: a process may still have the socket of that id, whose client is gone without a
 * word. When it was noticed later, the socket's end would take the rooms of the new one with it, as they share the id.
 * @param {object} adapter  one that restores sessions; it is changed
 */
function makeWay(adapter) {
  const { restoreSession } = adapter;
  adapter.restoreSession = async (pid, offset) => {
    const session = await restoreSession.call(adapter, pid, offset);
    const earlier = adapter.nsp.sockets.get(session.sid);
    if (earlier) closeAtOnce(earlier.conn);
    return session;
  };
  return adapter;
}

module.exports = { makeWay };
