"use strict";

const { isMainThread } = require("worker_threads");
const current = require("./current.js");
const { whyNot } = require("./program.js");

const NUMBER = "SOCKETIO_WORKER_NUMBER";

/**
 * Called in every Node.js process of the container, before its program, when SOCKETIO_WORKERS is set.
 *
 * Whether a program makes a Socket.IO server is known only once it ran. So the process of a program that may do so never
 * runs it: it becomes the primary and starts the program in a first worker. A Server that listens there brings the
 * other workers; a program that ends without one ends the primary with its exit code.
 */
function start() {
  const { env, argv, execArgv } = process;
  if (!isMainThread || !(Number(env.SOCKETIO_WORKERS) > 1)) return;
  if (env[NUMBER]) {
    const number = Number(env[NUMBER]);
    delete env[NUMBER];
    current.worker = require("./worker.js").start(number);
    return;
  }
  current.alone = whyNot({ main: argv[1], ipc: Boolean(process.send), execArgv });
  if (current.alone === undefined) runInstead(() => require("./primary.js").start(NUMBER));
}

// `Module.runMain` runs the main script, of whichever kind; Node.js calls it through the module's exports so that
// preloaded modules can replace it. With `node -e` and the like it is not called.
function runInstead(program) {
  require("module").runMain = program;
}

module.exports = { start };
