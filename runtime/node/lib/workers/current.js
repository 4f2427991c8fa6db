"use strict";

/**
 * What this process is when SOCKETIO_WORKERS asks for several.
 * @type {{worker?: import("./worker.js").Worker, alone?: string}} worker: set in a worker; alone: why this process
 *   serves without others
 */
module.exports = { worker: undefined, alone: undefined };
