// JavaScript clients as browsers have them: connect, tell each change as a line of JSON, end with standard input.
// Arguments: URL, transport, number.
"use strict";

const path = require("path");
const modules = path.join(__dirname, "..", "..", "..", "node", "node_modules");
const { io } = require(path.join(modules, "socket.io-client"));

const [url, transport, number] = process.argv.slice(2);
const tell = (fact) => process.stdout.write(`${JSON.stringify(fact)}\n`);
for (let i = 0; i < Number(number); i++) {
  const socket = io(url, { transports: [transport], forceNew: true, reconnectionDelay: 100, reconnectionDelayMax: 500 });
  socket.on("connect", () => tell({ client: i, event: "connect" }));
  socket.on("disconnect", (reason) => tell({ client: i, event: "disconnect", reason }));
}
process.stdin.on("end", () => process.exit(0)).resume();
