// An app of Feathers with one service; APP_SYNC: URL of the Redis that feathers-sync uses.
"use strict";

const { feathers } = require("@feathersjs/feathers");
const socketio = require("@feathersjs/socketio");

const app = feathers();
if (process.env.APP_SYNC) app.configure(require("feathers-sync")({ uri: process.env.APP_SYNC, key: "chat" }));
app.configure(socketio());
app.use("messages", { create: async (message) => message });
app.on("connection", (connection) => app.channel("everybody").join(connection));
app.publish(() => app.channel("everybody"));
app.listen(0, "127.0.0.1").then((server) => server.once("listening", () => console.log(`port ${server.address().port}`)));
