// The app whose cost is measured. With BENCH_REDIS_URL it sets up the Redis adapter itself, as a team would.
"use strict";

const http = require("http");
const path = require("path");
const { createRequire } = require("module");
const { Server } = createRequire(path.join(__dirname, "..", "test", "apps", "v4.8", "app.cjs"))("socket.io");

const server = http.createServer();
const io = new Server(server, process.env.BENCH_REDIS_URL ? { adapter: redisAdapter(process.env.BENCH_REDIS_URL) } : {});
io.on("connection", (socket) => {
  socket.on("echo", (text, done) => done(text));
  socket.on("say", (text) => io.emit("said", text));
});
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));

function redisAdapter(url) {
  const { Redis } = require("ioredis");
  const { createAdapter } = require("@socket.io/redis-adapter");
  const publisher = new Redis(url);
  return createAdapter(publisher, publisher.duplicate(), { publishOnSpecificResponseChannel: true });
}
