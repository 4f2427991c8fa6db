// The chat of a team that sets up its adapter itself, from the environment that the operator gives.
import { io } from "/app/server.js";
import { createAdapter } from "@socket.io/redis-adapter";
import { Redis } from "ioredis";

const clients = [new Redis(process.env.REDIS_URL), new Redis(process.env.REDIS_URL)];
for (const client of clients) client.on("error", (error) => console.error(`redis: ${error.message}`));
// A mistake that teams make: each process has channels of its own.
const key = process.env.KEY_OF_ITS_OWN ? process.env.HOSTNAME : "socket.io";
io.adapter(createAdapter(...clients, { key }));
