"use strict";
const { Adapter } = require("socket.io-adapter");
require("../chat.cjs").start(require("socket.io"), () => class OwnAdapter extends Adapter {});
