"use strict";

const { execFile } = require("child_process");
const crypto = require("crypto");
const fs = require("fs");
const path = require("path");
const { promisify } = require("util");

const APPS = path.join(__dirname, "..", "apps");
const FOLDER = path.join(APPS, "bundled");
const CACHE = path.join(FOLDER, "node_modules", ".cache", "bundles");
const INPUTS = ["chat.cjs", "bundled/app.cjs", "bundled/bundle.js", "bundled/package-lock.json"];

/**
 * An app as one file, made by a bundler unless it was made before.
 * @param {string} bundler  of test/apps/bundled/bundle.js
 * @param {string} [folder] of test/apps, whose Socket.IO it has
 * @returns {Promise<string>} the file
 */
async function bundle(bundler, folder = "bundled") {
  const hash = crypto.createHash("sha256");
  for (const input of [...INPUTS, `${folder}/app.cjs`, `${folder}/package-lock.json`]) hash.update(fs.readFileSync(path.join(APPS, input)));
  const file = path.join(CACHE, `${bundler.replace(/\W+/g, "-")}-${folder}-${hash.digest("hex").slice(0, 16)}.cjs`);
  if (!fs.existsSync(file)) {
    const unfinished = `${file}.${process.pid}.cjs`;
    await promisify(execFile)(process.execPath, ["bundle.js", bundler, path.join(APPS, folder, "app.cjs"), unfinished], { cwd: FOLDER });
    fs.renameSync(unfinished, file);
  }
  return file;
}

module.exports = { bundle };
