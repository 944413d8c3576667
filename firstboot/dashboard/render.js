// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of the page as HTML text, from what Prometheus answered. Pure.
import { latest, legend, lineChart } from "./chart.js";
import { age, escaped, judged, marks, shown } from "./figures.js";

export function renderTiles(list) {
  return list.map((tile) =>
    `<div class="tile ${tile.state}"><h2>${escaped(tile.title)}</h2>` +
    `<p class="value"><span class="mark">${marks[tile.state]}</span> ${escaped(tile.value)}</p>` +
    `<p class="note">${escaped(tile.note)}</p></div>`).join("");
}

const words = { critical: ["bad", "critical"], warning: ["warn", "warning"] };

/** `alerts`: [{name, severity, summary, runbook, since}], times in milliseconds. */
export function renderAlerts(alerts, now) {
  if (alerts.length === 0) {
    return "<h2>Alerts</h2><p>None fires.</p>";
  }
  const order = ["critical", "warning"];
  const sorted = [...alerts].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity) || b.since - a.since);
  const rows = sorted.map((alert) => {
    const [state, word] = words[alert.severity] ?? ["", alert.severity];
    return `<tr><th scope="row">${escaped(alert.name)}</th>` +
      `<td class="${state}" data-title="severity">${marks[state] ?? ""} ${escaped(word)}</td>` +
      `<td data-title="since">${age(alert.since, now)}</td><td class="text" data-title="what">${escaped(alert.summary)}</td>` +
      `<td class="text" data-title="what to do"><code>${escaped(alert.runbook)}</code></td></tr>`;
  });
  return `<div class="wide"><table class="stacked"><caption>Alerts</caption><thead><tr><th scope="col">alert</th>` +
    `<th scope="col">severity</th><th scope="col">since</th><th scope="col" class="text">what</th>` +
    `<th scope="col" class="text">what to do (on every node)</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function cell(table, column, sample) {
  const title = `data-title="${escaped(column.title)}"`;
  if (column.unit?.startsWith("label:")) {
    return `<td ${title}>${escaped(sample?.labels[column.unit.slice(6)] ?? "–")}</td>`;
  }
  const value = sample?.value;
  const state = judged(table.id, column.id, column.unit, value);
  const mark = state && (column.unit === "yes" || state !== "good") ? `${marks[state]} ` : "";
  const width = Math.round(Math.min(1, Math.max(0, value)) * 100);
  const bar = column.unit === "ratio" && Number.isFinite(value)
    ? `<meter-bar aria-hidden="true"><i style="width:${width}%"></i></meter-bar>` : "";
  return `<td class="${state}" ${title}>${mark}${escaped(shown(value, column.unit))}${bar}</td>`;
}

/** `answers`: for each column's id a list of {labels, value}. Rows are sorted as people count: osd.2 before osd.10. */
export function renderTable(table, answers) {
  const rows = new Map();
  for (const column of table.columns) {
    for (const sample of answers[column.id] ?? []) {
      const key = sample.labels[table.key];
      if (key !== undefined) {
        rows.set(key, { ...rows.get(key), [column.id]: sample });
      }
    }
  }
  const names = [...rows.keys()].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  if (names.length === 0) {
    return `<h2>${escaped(table.title)}</h2><p>None.</p>`;
  }
  const head = table.columns.map((column) => `<th scope="col">${escaped(column.title)}</th>`).join("");
  const body = names.map((name) => `<tr><th scope="row">${escaped(name)}</th>` +
    `${table.columns.map((column) => cell(table, column, rows.get(name)[column.id])).join("")}</tr>`).join("");
  return `<div class="wide"><table class="stacked"><caption>${escaped(table.title)}</caption><thead><tr>` +
    `<th scope="col"><span>${escaped(table.key === "ceph_daemon" ? "osd" : table.key)}</span></th>${head}</tr></thead>` +
    `<tbody>${body}</tbody></table></div>`;
}

export function renderChart(chart, series, span) {
  const only = series.length === 1 && !chart.legend ? ` <small>${escaped(shown(latest(series[0], span), chart.unit))}</small>` : "";
  const drawing = series.length === 0 ? "<p>Nothing measured.</p>" : lineChart(chart, series, span) + legend(chart, series, span);
  return `<figure><figcaption>${escaped(chart.title)}${only}</figcaption>${drawing}</figure>`;
}
