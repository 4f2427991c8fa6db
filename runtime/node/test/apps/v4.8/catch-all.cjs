"use strict";
require("../catch-all.cjs").start(require("socket.io"));
