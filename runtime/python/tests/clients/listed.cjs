// Servers that are listed, of the runtime for Node.js. Argument: their addresses (comma list). Tells where the list is, and
// the side port of each; then does what each line of its input says, "drain 127.0.0.4", and answers "done". They end with the input.
"use strict";

const path = require("path");
const { Listed } = require(path.join(__dirname, "..", "..", "..", "node", "test", "support", "listed.js"));

const acts = {
  drain: (servers, address) => servers.drain(address),
  add: (servers, address) => servers.add(address),
  stop: (servers, address) => servers.apps.get(address).stop(),
};

async function main() {
  const servers = await Listed.start(process.argv[2].split(","));
  console.log(`${servers.base()} ${servers.sidePort}`);
  for await (const line of require("readline").createInterface({ input: process.stdin })) {
    const [act, address] = line.split(" ");
    await acts[act](servers, address);
    console.log("done");
  }
  await servers.stop();
}

main();
