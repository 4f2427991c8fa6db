// JavaScript clients that ask and wait for each answer, one question after the other; tells what became of them as JSON.
// Arguments: URL, transports (comma list), number of clients, questions of each.
"use strict";

const path = require("path");
const modules = path.join(__dirname, "..", "..", "..", "node", "node_modules");
const { io } = require(path.join(modules, "socket.io-client"));

const [url, transports, number, questions] = process.argv.slice(2);
const seen = { answered: 0, disconnects: [], transports: {} };

async function talk() {
  const socket = io(url, { transports: transports.split(","), forceNew: true, reconnection: false });
  socket.on("disconnect", (reason) => seen.disconnects.push(reason));
  socket.on("connect_error", (error) => seen.disconnects.push(error.message));
  await new Promise((resolve) => socket.once("connect", resolve).once("connect_error", resolve));
  for (let i = 0; i < Number(questions) && socket.connected; i++) {
    await socket.timeout(30_000).emitWithAck("manager").then(() => seen.answered++, (error) => seen.disconnects.push(error.message));
  }
  const name = socket.io.engine ? socket.io.engine.transport.name : "none";
  seen.transports[name] = (seen.transports[name] || 0) + 1;
}

Promise.all(Array.from({ length: Number(number) }, talk)).then(() => {
  process.stdout.write(JSON.stringify(seen));
  process.exit(0);
});
