// Loaded by NODE_OPTIONS=--require into every Node process of a container. It only installs hooks: two look for Socket.IO,
// among the modules that are loaded and among the emitters that are made, one for HTTP servers. Everything else waits until
// the process creates a Server or listens.
"use strict";

try {
  if (Number(process.versions.node.split(".")[0]) >= 16) {
    require("./lib/module-hook.js").install();
    require("./lib/shape.js").watchClasses(
      (prototype) => require("./lib/patch.js").foundServer(prototype),
      (prototype) => require("./lib/patch.js").foundSocket(prototype),
    );
    require("./lib/http-servers.js").watchHttpServers((server) => require("./lib/runtime.js").runtime().listens(server));
    if (process.env.SOCKETIO_WORKERS) require("./lib/workers/index.js").start();
  } else process.stderr.write("[socketio-runtime] Node.js " + process.versions.node + " is older than 16: the app is left alone\n");
} catch (error) {
  process.stderr.write("[socketio-runtime] not installed, the app is left alone: " + error + "\n");
}
