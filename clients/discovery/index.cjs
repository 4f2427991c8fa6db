"use strict";

exports.connect = async (...how) => (await import("./index.mjs")).connect(...how);
