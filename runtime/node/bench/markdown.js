"use strict";

/**
 * @param {string[]} head
 * @param {string[][]} rows
 * @returns {string} a Markdown table
 */
function table(head, rows) {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

module.exports = { table };
