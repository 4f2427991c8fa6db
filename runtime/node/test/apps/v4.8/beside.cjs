// A process that listens without a Server, and starts the app beside it.
"use strict";

const http = require("http");
const { spawn } = require("child_process");

const server = http.createServer((request, response) => response.end("beside\n"));
server.listen(Number(process.env.BESIDE_PORT), "127.0.0.1", () => setTimeout(start, 1000));

function start() {
  spawn(process.execPath, ["app.cjs"], { stdio: "inherit" });
}
