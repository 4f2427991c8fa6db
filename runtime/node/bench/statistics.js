"use strict";

/** @returns {number} the value below which that share (0 to 1) of the values lies, interpolated */
function quantile(values, share) {
  const sorted = [...values].sort((one, other) => one - other);
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const above = Math.ceil(place);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

const median = (values) => quantile(values, 0.5);

module.exports = { quantile, median };
