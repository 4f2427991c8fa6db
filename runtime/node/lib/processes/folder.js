"use strict";

const crypto = require("crypto");
const fs = require("fs");
const os = require("os");
const path = require("path");

/**
 * Where the processes of a pod find each other's sockets. Pods that share a file system, as on a developer's machine, have
 * different addresses.
 * @param {string} address  of the pod
 */
function folderOf(address) {
  const name = crypto.createHash("sha256").update(address).digest("hex").slice(0, 16);
  return path.join(os.tmpdir(), `socketio-runtime-${name}`);
}

/** @returns {string} the folder, made for this user alone */
function ownFolder(address) {
  const folder = folderOf(address);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = fs.lstatSync(folder);
  if (uid !== process.getuid() || mode & 0o077) throw new Error(`${folder} belongs to somebody else`);
  return folder;
}

module.exports = { folderOf, ownFolder };
