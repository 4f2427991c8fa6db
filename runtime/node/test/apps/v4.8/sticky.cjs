// The cluster of @socket.io/sticky's own manual.
"use strict";

const cluster = require("cluster");
const http = require("http");
const { setupPrimary, setupWorker } = require("@socket.io/sticky");
const { Server } = require("socket.io");

if (cluster.isPrimary) {
  const workers = Number(process.env.APP_WORKERS || 3);
  const server = http.createServer();
  setupPrimary(server, { loadBalancingMethod: "round-robin" });
  cluster.setupPrimary({ serialization: "advanced" });
  let started = 0;
  cluster.on("message", (worker, message) => {
    if (message === "up" && ++started === workers) server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
  });
  for (let i = 0; i < workers; i++) cluster.fork();
} else {
  const io = new Server(http.createServer(), JSON.parse(process.env.APP_OPTIONS || "{}"));
  setupWorker(io);
  io.on("connection", (socket) => socket.on("adapter", (done) => done("in-memory")));
  process.send("up");
}
