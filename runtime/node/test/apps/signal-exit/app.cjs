"use strict";
require("signal-exit").onExit(() => console.log("the app's hook ran"));
require("../chat.cjs").start(require("socket.io"));
