"use strict";

const kill_timeout = Number(process.env.PM2_KILL_MS) || undefined;
module.exports = { apps: [{ name: "chat", script: "app.cjs", instances: 2, exec_mode: "cluster", kill_timeout }] };
