"use strict";

const { readFile } = require("fs").promises;
const os = require("os");
const { log } = require("../log.js");
const { atLeast } = require("./version.js");

const NAMESPACE = "/admin";
// earlier ones write packets as lists, whose bytes the package cannot count: it throws, and the process ends
const OLDEST = [4, 4];
// The hash never leaves the memory, where the password is too. A stronger one lets strangers spend the app's processor time.
const ROUNDS = 4;

/**
 * Lets the admin UI of Socket.IO look at a Server, by its own package, in the namespace /admin. On an error it stays closed.
 * @param {import("./managed-server.js").ManagedServer} server  that is being made
 * @param {import("../settings.js").AdminUi} settings
 * @param {number} [worker]  number of this process where there are several
 */
async function openAdminUi({ io, version, versionName }, { passwordFile, username, readOnly, mode }, worker) {
  if (!atLeast(version, OLDEST)) return log(`admin UI: socket.io ${versionName} is older than ${OLDEST.join(".")}, it stays closed`);
  try {
    const password = (await readFile(passwordFile, "utf8")).trim();
    if (password === "") return log("admin UI: its password is empty, it stays closed");
    const hash = await require("bcryptjs").hash(password, ROUNDS);
    if (io._nsps.has(NAMESPACE)) return log(`admin UI: the app has a namespace ${NAMESPACE} of its own, which is kept`);
    io.of(NAMESPACE).use(checkTypes);
    const auth = { type: "basic", username, password: hash };
    const serverId = worker && `${os.hostname()}#${worker}`;
    require("@socket.io/admin-ui").instrument(io, { namespaceName: NAMESPACE, auth, readonly: readOnly, mode, serverId });
    return log(`admin UI: open in ${NAMESPACE}, ${readOnly ? "read-only, " : ""}mode ${mode}`);
  } catch (error) {
    return log(`admin UI: ${error.code || error.message}, it stays closed`);
  }
}

// The package's own check rejects for a password that is no text, and nobody would catch that: the process would end.
function checkTypes({ handshake: { auth } }, next) {
  next(auth.username === undefined || typeof auth.password === "string" ? undefined : new Error("invalid credentials"));
}

module.exports = { openAdminUi };
