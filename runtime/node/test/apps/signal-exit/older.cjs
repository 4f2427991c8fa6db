"use strict";
require("signal-exit-3")(() => console.log("the app's hook ran"));
require("../chat.cjs").start(require("socket.io"));
