// What makes several servers one: broadcasts travel through Redis. Without this file each pod talks to its own clients only.
import { createAdapter as createPubSubAdapter } from "@socket.io/redis-adapter";
import { createAdapter as createStreamsAdapter } from "@socket.io/redis-streams-adapter";
import { Redis } from "ioredis";

/** The adapter factory for `new Server({ adapter })`, or undefined for the in-memory adapter. */
export function createAdapter({ adapter, redisUrl }) {
  if (!redisUrl || adapter === "none") return undefined;
  const client = connect(redisUrl, "publisher");
  if (adapter === "redis-streams") return createStreamsAdapter(client);
  return createPubSubAdapter(client, connect(redisUrl, "subscriber"), { publishOnSpecificResponseChannel: true });
}

function connect(url, role) {
  // null: commands wait for Redis to come back instead of failing after 20 attempts.
  const client = new Redis(url, { maxRetriesPerRequest: null });
  let lastMessage;
  // Without an error listener the first lost connection would end the process.
  client.on("error", (error) => {
    const message = error.message || error.code;
    if (message !== lastMessage) console.error(`redis ${role}: ${message}`);
    lastMessage = message;
  });
  client.on("ready", () => {
    console.log(`redis ${role}: ready`);
    lastMessage = undefined;
  });
  return client;
}
