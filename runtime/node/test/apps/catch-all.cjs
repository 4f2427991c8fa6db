// An app that takes any namespace and notes all that it is told of.
"use strict";

const http = require("http");

function start({ Server }) {
  const server = http.createServer((request, response) => response.end());
  const io = new Server(server, JSON.parse(process.env.APP_OPTIONS || "{}"));
  const seen = [];
  const note = (what) => (value, next) => {
    seen.push(`${what} ${(value.nsp || value).name}`);
    if (next) next();
  };
  io.on("new_namespace", note("new"));
  const any = io.of(/./);
  for (const namespace of [io, any]) namespace.use(note("middleware")).on("connection", note("connection"));
  for (const namespace of [io, any]) {
    namespace.on("connection", (socket) => {
      socket.on("seen", async (done) => done({ seen, sockets: (await io.fetchSockets()).length }));
    });
  }
  server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
}

module.exports = { start };
