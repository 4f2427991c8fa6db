"use strict";

/**
 * Ends a connection of the engine without waiting for its client. Closing one in the orderly way takes 30 s if the client
 * polls no more, as it is at another process or gone.
 * @param {object} connection  a Socket of engine.io
 */
function closeAtOnce(connection) {
  connection.onClose("forced close");
}

module.exports = { closeAtOnce };
