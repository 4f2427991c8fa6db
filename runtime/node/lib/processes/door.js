"use strict";

const fs = require("fs");
const http = require("http");
const path = require("path");
const v8 = require("v8");
const { own } = require("../find/http-servers.js");
const { log } = require("../log.js");
const { folderOf, ownFolder } = require("./folder.js");

// less than a probe waits
const ANSWER_MS = 1500;
const GONE = new Set(["ECONNREFUSED", "ENOENT"]);

/** @typedef {{address: string, port: number}} Pod  address: an IP; port: the side port */

/** Where one process of a pod answers the others: a Unix socket that only this user's processes reach. */
class Door {
  /**
   * @param {Pod} pod
   * @param {Map<string, (body: any) => unknown>} answers
   */
  constructor(pod, answers) {
    this.pod = pod;
    this.answers = answers;
  }

  open() {
    try {
      ownFolder(this.pod.address);
      const socketPath = pathOf(this.pod, process.pid);
      fs.rmSync(socketPath, { force: true });
      const server = http.createServer((request, response) => this.#answer(request, response).catch(() => response.destroy()));
      own(server);
      server.on("error", (error) => log(`processes: no socket for the others of this pod: ${error.code}`));
      server.on("connection", (socket) => socket.unref());
      server.listen({ path: socketPath, exclusive: true });
      server.unref();
      process.once("exit", () => fs.rmSync(socketPath, { force: true }));
    } catch (error) {
      log(`processes: no socket for the others of this pod: ${error.code || error.message}`);
    }
  }

  async #answer(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = this.answers.get(request.url.slice(1));
    response.end(v8.serialize(await answer(v8.deserialize(Buffer.concat(chunks)))));
  }
}

// Only processes with the same side port belong together.
function pathOf({ address, port }, pid) {
  return path.join(folderOf(address), `${pid}.${port}`);
}

/** @returns {number[]} process ids of the others of the pod */
function others({ address, port }) {
  try {
    const names = fs.readdirSync(folderOf(address)).filter((name) => name.endsWith(`.${port}`));
    return names.map((name) => parseInt(name, 10)).filter((pid) => pid !== process.pid).sort((one, other) => one - other);
  } catch {
    return [];
  }
}

// One that lives has yet to listen.
function alive(pid) {
  try {
    return process.kill(pid, 0);
  } catch ({ code }) {
    return code !== "ESRCH";
  }
}

/** @returns {Promise<unknown>} what that process answers; rejects with `gone` if nobody listens there, else if it is silent */
function ask(pod, pid, question, body) {
  const socketPath = pathOf(pod, pid);
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, method: "POST", path: `/${question}`, agent: false }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        clearTimeout(timer);
        resolve(v8.deserialize(Buffer.concat(chunks)));
      });
    });
    // of the whole exchange
    const timer = setTimeout(() => request.destroy(new Error("no answer")), ANSWER_MS);
    request.on("error", (error) => {
      clearTimeout(timer);
      const gone = GONE.has(error.code);
      if (gone && !alive(pid)) fs.rmSync(socketPath, { force: true });
      reject(Object.assign(error, { gone }));
    });
    request.end(v8.serialize(body));
  });
}

module.exports = { Door, ask, others };
