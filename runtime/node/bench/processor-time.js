"use strict";

const fs = require("fs");

/** @returns {number} processor time of all threads of a process so far, in milliseconds */
function cpuMs(pid) {
  const tasks = `/proc/${pid}/task`;
  const nanoseconds = fs.readdirSync(tasks).map((task) => Number(fs.readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[0]));
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}

module.exports = { cpuMs };
