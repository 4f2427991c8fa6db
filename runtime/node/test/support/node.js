"use strict";

const fs = require("fs");
const path = require("path");

/**
 * @param {string} name  folder of test/nodes, such as "16"
 * @returns {string} the executable of that Node.js, for Linux on x64 or arm64
 */
function nodeOf(name) {
  const folder = path.join(__dirname, "..", "nodes", name, "node_modules");
  const file = path.join(folder, `node-${process.platform}-${process.arch}`, "bin", "node");
  if (!fs.existsSync(file)) throw new Error(`${file} is missing: remove ${folder} and run npm test again`);
  return file;
}

module.exports = { nodeOf };
