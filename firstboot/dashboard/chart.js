// SPDX-License-Identifier: GPL-3.0-or-later
// A line chart as SVG text. Pure.
import { escaped, shown } from "./figures.js";

const width = 420, height = 150, left = 62, right = 8, top = 8, bottom = 22;
// With colours (dashboard.css) each line has a pattern of its own.
const patterns = ["", "7 3", "2 3", "10 3 2 3", "5 5", "1 2", "12 2"];
export const most_lines = patterns.length;

/** A round number at or above `value`: 1, 2 or 5 times a power of ten, of two for bytes. */
export function roundedUp(value, unit) {
  if (!(value > 0)) {
    return 1;
  }
  if (unit === "ratio") {
    return value > 0.5 ? Math.max(1, Math.ceil(value)) : value > 0.2 ? 0.5 : value > 0.1 ? 0.2 : 0.1;
  }
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * 0.999);
}

function clock(seconds) {
  const at = new Date(seconds * 1000);
  return `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
}

/** Pieces of a line: it is broken where nothing was measured. */
function pieces(points, step) {
  const result = [];
  let last = -Infinity;
  for (const [time, value] of points) {
    if (!Number.isFinite(value)) {
      continue;
    }
    if (time - last > step * 1.5) {
      result.push([]);
    }
    result.at(-1).push([time, value]);
    last = time;
  }
  return result;
}

function line(index) {
  const at = index % most_lines;
  return `stroke="var(--series-${at})" stroke-dasharray="${patterns[at]}"`;
}

function axes(start, end, most, unit) {
  let text = "";
  for (const part of [0, 0.5, 1]) {
    const y = top + (height - top - bottom) * (1 - part);
    text += `<line class="grid" x1="${left}" x2="${width - right}" y1="${y}" y2="${y}"/>` +
      `<text x="${left - 5}" y="${y + 4}" text-anchor="end">${part === 0 ? 0 : escaped(shown(most * part, unit))}</text>`;
  }
  for (const [part, anchor] of [[0, "start"], [0.5, "middle"], [1, "end"]]) {
    const x = left + (width - left - right) * part;
    text += `<text x="${x}" y="${height - 6}" text-anchor="${anchor}">${clock(start + (end - start) * part)}</text>`;
  }
  return text;
}

/** What a line ends with, if it goes on until now. */
export function latest(series, { end, step }) {
  const [time, value] = series.points.at(-1) ?? [-Infinity, undefined];
  return end - time <= 3 * step ? value : undefined;
}

function described(chart, series, span) {
  const last = series.map((one) => `${one.name || chart.title} ${shown(latest(one, span), chart.unit)}`);
  return `${chart.title}: ${last.join(", ")}`;
}

/** `series`: [{name, points: [[seconds, value], ...]}], of which the first seven are drawn. */
export function lineChart(chart, series, span) {
  const { start, end, step } = span;
  const drawn = series.slice(0, most_lines);
  const most = roundedUp(Math.max(0, ...drawn.flatMap((one) => one.points.map((p) => p[1])).filter(Number.isFinite)),
    chart.unit);
  const x = (time) => (left + (width - left - right) * (time - start) / (end - start)).toFixed(1);
  const y = (value) => (top + (height - top - bottom) * (1 - value / most)).toFixed(1);
  const lines = drawn.flatMap((one, index) => pieces(one.points, step).map((points) =>
    `<polyline ${line(index)} points="${points.map(([t, v]) => `${x(t)},${y(v)}`).join(" ")}"/>`));
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(described(chart, drawn, span))}">` +
    `${axes(start, end, most, chart.unit)}${lines.join("")}</svg>`;
}

/** Names with their lines and last values. */
export function legend(chart, series, span) {
  if (!chart.legend) {
    return "";
  }
  const entries = series.slice(0, most_lines).map((one, index) =>
    `<li><svg viewBox="0 0 32 8" aria-hidden="true"><line x1="0" x2="32" y1="4" y2="4" stroke-width="3" ${line(index)}/></svg> ` +
    `${escaped(one.name)} ${escaped(shown(latest(one, span), chart.unit))}</li>`);
  if (series.length > most_lines) {
    entries.push(`<li>and ${series.length - most_lines} more</li>`);
  }
  return `<ul class="legend">${entries.join("")}</ul>`;
}
