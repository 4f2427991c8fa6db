// An ordinary Socket.IO server with rooms, written for one process: it knows of no other server, no adapter and no Redis.
// What a session joined once is asked of it only when the session is new, as Socket.IO's documentation has it. With LAZY
// set it makes its Server with the first request, as an API route of Next.js does.
import { createServer } from "node:http";
import { hostname } from "node:os";
import { Server } from "socket.io";

const pod = process.env.HOSTNAME || hostname();
const node = process.env.NODE_NAME || null;
const http = createServer((_, response) => response.end("rooms\n"));

function serve() {
  const io = new Server(http);
  io.on("connection", (socket) => greet(io, socket));
}

function greet(io, socket) {
  if (!socket.recovered) socket.join(String(socket.handshake.auth.room));
  socket.emit("welcome", { pod, node });

  socket.on("everyone", (number, ack) => {
    io.emit("number", number);
    ack({ pod });
  });
  socket.on("room", (room, number, ack) => {
    io.to(room).emit("number", number);
    ack({ pod });
  });
  // What an app keeps about a session: it has to be there after the session has moved.
  socket.on("count", (ack) => {
    socket.data.count = (socket.data.count ?? 0) + 1;
    ack(socket.data.count);
  });
  socket.on("whoami", (ack) => ack({ pod, node, transport: socket.conn.transport.name }));
}

if (process.env.LAZY) http.once("request", serve);
else serve();
http.listen(process.env.PORT || 3000, () => console.log(`pod ${pod} listens on port ${http.address().port}`));
