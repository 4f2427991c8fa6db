// What makes several servers one: broadcasts travel through Redis. Without this file each pod talks to its own clients only.
import { createAdapter as createPubSubAdapter } from "@socket.io/redis-adapter";
import { createAdapter as createStreamsAdapter } from "@socket.io/redis-streams-adapter";
import { Redis } from "ioredis";

/**
 * `factory` for `new Server({ adapter })`, undefined for the in-memory adapter; `hasConnected()` tells whether the
 * server has reached Redis since its start. A later outage does not change that: clients of one pod still meet then.
 */
export function createAdapter({ adapter, redisUrl }) {
  const clients = [];
  const client = (role) => {
    const made = connect(redisUrl, role);
    clients.push(made.ready);
    return made.client;
  };
  const hasConnected = () => clients.every((ready) => ready());
  return { factory: createFactory(adapter, redisUrl, client), hasConnected };
}

function createFactory(adapter, redisUrl, client) {
  if (!redisUrl || adapter === "none") return undefined;
  if (adapter === "redis-streams") return createStreamsAdapter(client("streams"));
  return createPubSubAdapter(client("publisher"), client("subscriber"), { publishOnSpecificResponseChannel: true });
}

function connect(url, role) {
  // null: commands wait for Redis to come back instead of failing after 20 attempts.
  const client = new Redis(url, { maxRetriesPerRequest: null });
  let lastMessage;
  let wasReady = false;
  // Without an error listener the first lost connection would end the process.
  client.on("error", (error) => {
    const message = error.message || error.code;
    if (message !== lastMessage) console.error(`redis ${role}: ${message}`);
    lastMessage = message;
  });
  client.on("ready", () => {
    console.log(`redis ${role}: ready`);
    wasReady = true;
    lastMessage = undefined;
  });
  return { client, ready: () => wasReady };
}
