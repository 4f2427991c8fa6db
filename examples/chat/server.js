// A chat in one room, written for one process: it knows of no other server, no adapter and no Redis.
import { createServer } from "node:http";
import { hostname } from "node:os";
import { Server } from "socket.io";
import { createPages } from "./pages.js";

const TEXT_LENGTH = 500;
const NAME_LENGTH = 32;

const path = process.env.SOCKETIO_PATH || "/socket.io";
const pod = process.env.HOSTNAME || hostname();
const node = process.env.NODE_NAME || null;

const http = createServer(createPages(path));
export const io = new Server(http, { path });

io.on("connection", (socket) => {
  const transport = () => socket.conn.transport.name;
  socket.emit("welcome", { pod, node, id: socket.id, transport: transport() });

  socket.on("message", (message, ack) => {
    const text = cleanText(message?.text, TEXT_LENGTH);
    const from = cleanText(message?.from, NAME_LENGTH);
    if (text === null || from === null) {
      return reply(ack, { error: `a message needs a text (1 to ${TEXT_LENGTH} characters) and a name (1 to ${NAME_LENGTH})` });
    }
    io.emit("message", { text, from, pod, id: socket.id });
    return reply(ack, { pod });
  });

  socket.on("whoami", (ack) => reply(ack, { pod, node, transport: transport() }));
});

/** The trimmed text, or null when it is no string, empty or too long. */
function cleanText(value, maxLength) {
  if (typeof value !== "string") return null;
  const text = value.trim();
  return text.length > 0 && text.length <= maxLength ? text : null;
}

/** A client may send an event without asking for an acknowledgement. */
function reply(ack, value) {
  if (typeof ack === "function") ack(value);
}

http.listen(process.env.PORT || 3000, () => console.log(`pod ${pod} listens on port ${http.address().port}`));
