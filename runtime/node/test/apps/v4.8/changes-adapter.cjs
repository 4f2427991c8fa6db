// Sets an adapter of its own, with its Server or when it is asked to, and closes when it is asked to.
"use strict";

const http = require("http");
const { Server } = require("socket.io");
const { Adapter } = require("socket.io-adapter");

const server = http.createServer((request, response) => {
  const act = { "/change": change, "/close": () => io.close() }[request.url];
  response.setHeader("connection", "close");
  response.end("yes\n", act);
});
const io = new Server(server);
if (process.env.APP_AT_ONCE) change();
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));

function change() {
  io.adapter(class OwnAdapter extends Adapter {});
}
