// Node's cluster module alone, without sticky sessions: what workers would be if requests went to any of them.
"use strict";

const cluster = require("cluster");

if (cluster.isPrimary) for (let i = 0; i < 3; i++) cluster.fork();
else require("../chat.cjs").start(require("socket.io"));
