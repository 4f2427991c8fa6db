// `node bundle.js BUNDLER ENTRY FILE` puts an app and all that it loads into one file, as the bundler's users do.
"use strict";

const fs = require("fs");

const BUNDLERS = {
  esbuild: (entry, file) => esbuild(entry, file, false),
  "esbuild --minify": (entry, file) => esbuild(entry, file, true),
  ncc: async (entry, file) => fs.writeFileSync(file, (await require("@vercel/ncc")(entry, { quiet: true })).code),
  rollup,
  webpack,
};

function esbuild(entry, file, minify) {
  return require("esbuild").build({ entryPoints: [entry], outfile: file, bundle: true, platform: "node", minify, logLevel: "error" });
}

async function rollup(entry, file) {
  const { default: commonjs } = require("@rollup/plugin-commonjs");
  const { default: json } = require("@rollup/plugin-json");
  const { default: resolve } = require("@rollup/plugin-node-resolve");
  const plugins = [resolve({ preferBuiltins: true, exportConditions: ["node"] }), commonjs(), json()];
  const bundle = await require("rollup").rollup({ input: entry, plugins, onwarn: () => {} });
  await bundle.write({ file, format: "cjs" });
}

function webpack(entry, file) {
  const output = { path: require("path").dirname(file), filename: require("path").basename(file) };
  return new Promise((resolve, reject) => {
    require("webpack")({ mode: "production", target: "node", entry, output }, (error, stats) => {
      if (error || stats.hasErrors()) reject(error || new Error(stats.toString("errors-only")));
      else resolve();
    });
  });
}

const [bundler, entry, file] = process.argv.slice(2);
BUNDLERS[bundler](entry, file);
