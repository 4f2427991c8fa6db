"use strict";

/**
 * What this process is when SOCKETIO_WORKERS asks for several.
 * @type {{worker?: object, alone?: string}} worker: the Worker, set in one; alone: why this process
 *   serves without others
 */
module.exports = { worker: undefined, alone: undefined };
