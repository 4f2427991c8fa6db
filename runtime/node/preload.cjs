// Loaded by NODE_OPTIONS=--require into every Node process of a container. It only looks for Socket.IO, among the modules that
// are loaded and among the emitters that are made, and for HTTP servers. Everything else waits until the process creates a
// Server or listens.
"use strict";

const found = (what, take) => (...rest) => require("./lib/log.js").guarded(what, () => take(require("./lib/main.js").runtime(), ...rest));
const hooks = (name) => (...rest) => require("./lib/hooks/socketio.js")[name](...rest);

try {
  if (Number(process.versions.node.split(".")[0]) >= 16) {
    require("./lib/find/modules.js").watchModules(found("hooking Socket.IO", hooks("found")));
    require("./lib/find/shape.js").watchClasses(
      found("hooking a bundled Socket.IO", hooks("foundServer")),
      found("hooking sockets of a bundled Socket.IO", hooks("foundSocket")),
    );
    require("./lib/find/http-servers.js").watchHttpServers(found("an HTTP server", (runtime, server) => runtime.listens(server)));
    if (process.env.SOCKETIO_WORKERS) require("./lib/workers/index.js").start();
  } else process.stderr.write("[socketio-runtime] Node.js " + process.versions.node + " is older than 16: the app is left alone\n");
} catch (error) {
  process.stderr.write("[socketio-runtime] not installed, the app is left alone: " + error + "\n");
}
