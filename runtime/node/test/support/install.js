// Installs what the apps under test/apps and the Node.js versions under test/nodes need, each from its own lock file;
// skips those that are installed.
"use strict";

const { execFileSync } = require("child_process");
const fs = require("fs");
const path = require("path");

const test = path.join(__dirname, "..");
const folders = ["apps", "nodes"].flatMap((kind) => fs.readdirSync(path.join(test, kind)).map((name) => path.join(test, kind, name)));
for (const folder of folders) {
  const installed = path.join(folder, "node_modules", ".package-lock.json");
  const lock = path.join(folder, "package-lock.json");
  if (!fs.existsSync(lock)) continue;
  if (fs.existsSync(installed) && fs.statSync(installed).mtimeMs >= fs.statSync(lock).mtimeMs) continue;
  execFileSync("npm", ["ci", "--ignore-scripts", "--no-fund", "--no-audit"], { cwd: folder, stdio: "inherit" });
}
