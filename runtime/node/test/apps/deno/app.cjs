"use strict";
require("../chat.cjs").start(require("socket.io"));
