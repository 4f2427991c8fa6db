// An app that uses Node's cluster module by itself.
"use strict";

const cluster = require("cluster");

if (cluster.isPrimary) {
  cluster.setupPrimary({ serialization: "advanced" });
  for (let i = 0; i < 2; i++) cluster.fork();
  process.on("SIGTERM", () => process.exit(0));
} else {
  require("../chat.cjs").start(require("socket.io"));
}
