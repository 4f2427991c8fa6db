// What an outage of the broker does to each adapter, and whether sessions are recovered on another process. Prints Markdown;
// of several repetitions the worst value.
//   node bench/outage.js [--adapter redis,redis-streams] [--outage kill,restart,freeze,step-down,primary-killed] [--repeat 3]
"use strict";

const { parseArgs } = require("util");
const { ADAPTERS, OUTAGES } = require("./brokers.js");
const { table } = require("./markdown.js");
const { outageRun, PER_SECOND } = require("./outage-run.js");
const { recoveryRun } = require("./recovery-run.js");

async function main() {
  const { values } = parseArgs({
    options: {
      adapter: { type: "string", default: ADAPTERS.join(",") },
      outage: { type: "string", default: Object.keys(OUTAGES).join(",") },
      repeat: { type: "string", default: "3" },
    },
  });
  const adapters = values.adapter.split(",");
  const repeat = Number(values.repeat);
  for (const outage of values.outage.split(",").filter(Boolean)) {
    const { title, adapters: afflicted = ADAPTERS } = OUTAGES[outage];
    const rows = [];
    for (const adapter of adapters.filter((each) => afflicted.includes(each))) {
      const runs = await repeated(repeat, `${adapter}, ${outage}`, () => outageRun(adapter, outage));
      rows.push(outageRow(adapter, runs));
    }
    if (rows.length === 0) continue;
    console.log(`\n### ${title}\n\n${PER_SECOND} broadcasts/s from the first of two processes, worst of ${repeat} runs\n`);
    console.log(table(OUTAGE_HEAD, rows));
  }
  const rows = [];
  for (const adapter of [...adapters, "none"]) rows.push(recoveryRow(adapter, await repeated(repeat, `${adapter}, recovery`, () => recoveryRun(adapter))));
  console.log(`\n### Sessions moved to another process by a drain\n\nworst of ${repeat} runs\n`);
  console.log(table(["adapter", "sessions recovered", "events that a client missed", "events that a client got twice"], rows));
}

async function repeated(times, title, run) {
  const runs = [];
  for (let i = 0; i < times; i++) {
    runs.push(await run());
    console.error(`${title}: ${JSON.stringify(runs[i])}`);
  }
  return runs;
}

const OUTAGE_HEAD = [
  "adapter", "processes that died", "told after", "whole again, after the broker answers", "lost, same process", "lost, other process",
  "twice, same / other", "out of order, same / other", "longest way, same / other",
];

function outageRow(adapter, runs) {
  const worst = (read) => Math.max(...runs.map(read));
  const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`;
  const both = (read, show = String) => `${show(worst(({ same }) => read(same)))} / ${show(worst(({ other }) => read(other)))}`;
  const sent = Math.min(...runs.map((run) => run.sent));
  const unnoticed = runs.filter(({ apartMs }) => apartMs === undefined).length;
  const noticed = unnoticed < runs.length ? seconds(worst(({ apartMs = 0 }) => apartMs)) : "";
  return [
    `\`${adapter}\``,
    String(worst(({ died }) => died)),
    [noticed, unnoticed > 0 ? `not in ${unnoticed} of ${runs.length}` : ""].filter(Boolean).join(", "),
    seconds(worst(({ wholeMs }) => wholeMs)),
    `${worst(({ same }) => same.lost)} of ${sent}`,
    `${worst(({ other }) => other.lost)} of ${sent}`,
    both(({ twice }) => twice),
    both(({ late }) => late),
    both(({ longestMs }) => longestMs, seconds),
  ];
}

function recoveryRow(adapter, runs) {
  const worst = (read) => Math.max(...runs.map(read));
  const deliveries = Math.min(...runs.map(({ clients, sent }) => clients * sent));
  return [
    `\`${adapter}\``,
    `${Math.min(...runs.map(({ recovered }) => recovered))} of ${runs[0].clients}`,
    `${worst(({ lost }) => lost)} of ${deliveries}`,
    `${worst(({ twice }) => twice)} of ${deliveries}`,
  ];
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
