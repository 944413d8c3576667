// SPDX-License-Identifier: GPL-3.0-or-later
// Asks the Prometheus that this page came from, every half a minute while somebody looks.
import { tiles } from "./figures.js";
import { renderAlerts, renderChart, renderTable, renderTiles } from "./render.js";

const pause = 30000, patience = 20000, steps = 120;

async function api(path, parameters = {}) {
  const answer = await fetch(`../api/v1/${path}?${new URLSearchParams(parameters)}`, { signal: AbortSignal.timeout(patience) });
  const json = await answer.json();
  if (json.status !== "success") {
    throw new Error(json.error ?? `Prometheus answered ${answer.status}`);
  }
  return json.data;
}

/** [{labels, value}] at this moment. */
async function ask(expr) {
  const data = await api("query", { query: expr });
  return data.result.map((one) => ({ labels: one.metric, value: Number(one.value[1]) }));
}

async function askRange(chart, span) {
  const data = await api("query_range", { query: chart.expr, ...span });
  const series = data.result.map((one) => ({
    name: one.metric[chart.legend] ?? "",
    points: one.values.map(([time, value]) => [time, Number(value)]),
  }));
  return series.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}

async function firing() {
  const data = await api("alerts");
  return data.alerts.filter((alert) => alert.state === "firing" && alert.labels.severity !== "none").map((alert) => ({
    name: alert.labels.alertname, severity: alert.labels.severity, summary: alert.annotations.summary ?? "",
    runbook: alert.annotations.runbook ?? "", since: Date.parse(alert.activeAt),
  }));
}

async function clusterName() {
  const data = await api("status/config");
  return /external_labels:(?:\n {4}.*)*?\n {4}cluster: (\S+)/.exec(data.yaml)?.[1];
}

/** A number, or the names that a label of the answers has. */
function figureOf(figure, samples) {
  return figure.label ? samples.map((one) => one.labels[figure.label]).sort().join(", ") : samples[0]?.value;
}

function put(id, html) {
  document.getElementById(id).innerHTML = html;
}

async function showFigures(panels, alerts) {
  const answers = await Promise.all(panels.figures.map((one) => ask(one.expr)));
  const figures = Object.fromEntries(panels.figures.map((one, at) => [one.id, figureOf(one, answers[at])]));
  put("tiles", renderTiles(tiles(figures, alerts)));
}

async function showTables(panels) {
  const parts = await Promise.all(panels.tables.map(async (table) => {
    const answers = await Promise.all(table.columns.map((column) => ask(column.expr)));
    return renderTable(table, Object.fromEntries(table.columns.map((column, at) => [column.id, answers[at]])));
  }));
  put("tables", parts.join(""));
}

async function showCharts(panels) {
  const end = Math.floor(Date.now() / 1000), start = end - panels.range_minutes * 60;
  const span = { start, end, step: Math.round((end - start) / steps) };
  const parts = await Promise.all(panels.charts.map(async (chart) => renderChart(chart, await askRange(chart, span), span)));
  put("charts", parts.join(""));
}

async function show(panels) {
  const alerts = await firing();
  await Promise.all([showFigures(panels, alerts), showTables(panels), showCharts(panels)]);
  put("alerts", renderAlerts(alerts, Date.now()));
}

let seen = "never";

function tell(text, old) {
  const when = document.getElementById("when");
  when.textContent = text;
  when.className = old ? "old" : "";
}

async function once(panels) {
  try {
    await show(panels);
    seen = new Date().toLocaleTimeString("en-GB");
    tell(`as of ${seen}`, false);
  } catch (error) {
    tell(`✖ Prometheus does not answer: what stands below is of ${seen} (${error.message})`, true);
  }
}

async function run() {
  const panels = await (await fetch("panels.json")).json();
  await once(panels);
  const name = await clusterName().catch(() => undefined);
  if (name) {
    document.title = document.getElementById("title").textContent = `Cluster ${name}`;
  }
  document.documentElement.dataset.shown = "yes";
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (!document.hidden) {
      await once(panels);
    }
  }
}

run().catch((error) => tell(`✖ ${error.message}`, true));
