// A program beside the server, such as a migration: ends by itself.
"use strict";

console.log("started");
process.exitCode = Number(process.argv[2]);
