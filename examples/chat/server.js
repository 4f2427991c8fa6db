// A chat in one room: every message goes to everybody, whichever pod they are connected to.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { createAdapter } from "./adapter.js";
import { createPages } from "./pages.js";
import { readSettings } from "./settings.js";

const TEXT_LENGTH = 500;
const NAME_LENGTH = 32;

const settings = readSettings(process.env);
const { pod, node } = settings;

const adapter = createAdapter(settings);

const http = createServer(createPages(settings.engine.path, adapter.hasConnected));
const io = new Server(http, { ...settings.engine, adapter: adapter.factory });

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

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, async () => {
    console.log(`${signal}: closing`);
    await io.close();
    process.exit(0);
  });
}

http.listen(settings.port, () => console.log(`pod ${pod} listens on port ${http.address().port}`));
