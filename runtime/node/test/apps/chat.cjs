// A chat as a team might have it. It knows nothing of the runtime; the environment variables APP_* choose among habits
// that real apps have.
"use strict";

const http = require("http");

/**
 * @param {object} socketio  what the app loaded: exports of socket.io, or {Server} from an ES module
 * @param {() => Function} [ownAdapter]  makes the adapter that it may bring
 */
function start(socketio, ownAdapter = fromModule) {
  if (process.env.APP_SIGTERM) process.on("SIGTERM", () => leave(process.env.APP_SIGTERM));
  const server = http.createServer((request, response) => response.end("hello\n"));
  const serve = () => chat(server, socketio, ownAdapter);
  if (process.env.APP_LAZY) server.once("request", serve);
  else serve();
  server.listen(Number(process.env.APP_PORT || 0), process.env.APP_HOST || "127.0.0.1", () => console.log(`port ${server.address().port}`));
}

function chat(server, socketio, ownAdapter) {
  const options = JSON.parse(process.env.APP_OPTIONS || "{}");
  if (process.env.APP_ADAPTER === "own") options.adapter = ownAdapter();
  const io = socketio.Server ? new socketio.Server(server, options) : socketio(server, options);
  if (process.env.APP_ADAPTER === "later") io.adapter(ownAdapter());
  io.on("connection", (socket) => greet(io, socket));
  if (process.env.APP_NAMESPACES) io.of(new RegExp(process.env.APP_NAMESPACES, "s")).on("connection", (socket) => greet(socket.nsp, socket));
}

function greet(io, socket) {
  socket.on("say", (text) => io.emit("said", text));
  socket.on("join", (room, done) => {
    socket.join(room);
    done();
  });
  socket.on("leave", (room, done) => {
    socket.leave(room);
    done();
  });
  // an app may change the data long after the event that made it do so
  socket.on("note", (note, milliseconds, done) => {
    setTimeout(() => (socket.data.notes = [...(socket.data.notes || []), note]), milliseconds);
    done();
  });
  socket.on("state", (done) => done({ rooms: [...socket.rooms].filter((room) => room !== socket.id), data: socket.data }));
  socket.on("tell", (room, text) => io.to(room).emit("told", text));
  socket.on("who", (done) => io.fetchSockets().then((sockets) => done(sockets.length), (error) => done(String(error))));
  socket.on("send me away", () => socket.disconnect());
  socket.on("adapter", (done) => done(socket.nsp.adapter.constructor.name));
}

function leave(how) {
  console.log("the app's handler ran");
  if (how === "exit") process.exit(7);
}

function fromModule() {
  const path = require("path");
  const fromSocketIO = require("module").createRequire(require.resolve("socket.io", { paths: [path.dirname(process.argv[1])] }));
  const { Adapter } = fromSocketIO("socket.io-adapter");
  return class OwnAdapter extends Adapter {};
}

module.exports = { start };
