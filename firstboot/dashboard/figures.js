// SPDX-License-Identifier: GPL-3.0-or-later
// How figures are written and judged. Pure: no document, no network.

/** A text for HTML, inside of elements and of quoted attributes. */
export function escaped(text) {
  return String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function scaled(value, steps, base, digits) {
  let at = 0;
  while (Math.abs(value) >= base && at < steps.length - 1) {
    value /= base;
    at += 1;
  }
  return `${Number(value.toPrecision(digits))} ${steps[at]}`.trim();
}

/** A value in a unit of panels.json, with three digits. */
export function shown(value, unit = "") {
  if (value === undefined || Number.isNaN(value)) {
    return "–";
  }
  switch (unit) {
    case "yes": return value >= 1 ? "yes" : "no";
    case "ratio": return `${(value * 100).toFixed(value < 0.1 ? 1 : 0)} %`;
    case "bytes": return scaled(value, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"], 1024, 3);
    case "bytes/s": return scaled(value, ["B/s", "kB/s", "MB/s", "GB/s"], 1000, 3);
    case "milliseconds": return shown(value / 1000, "seconds");
    case "seconds":
      return Math.abs(value) >= 1 ? `${Number(value.toPrecision(3))} s`
        : Math.abs(value) >= 0.001 ? `${Number((value * 1e3).toPrecision(3))} ms`
        : `${Math.round(value * 1e6)} µs`;
    default: return String(Number(value.toPrecision(4)));
  }
}

/** "2 h 5 min" since a moment. */
export function age(since, now) {
  const minutes = Math.max(0, Math.floor((now - since) / 60000));
  const days = Math.floor(minutes / 1440), hours = Math.floor(minutes / 60) % 24;
  return days > 0 ? `${days} d ${hours} h` : hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}

const limits = {
  "nodes.cpu": [0.8, 0.95], "nodes.memory": [0.9, 0.97], "nodes.disk": [0.85, 0.95], "nodes.clock": [0.05, 0.5],
  "osds.used": [0.8, 0.9],
};

/** "good", "warn", "bad" or nothing, of a cell in a table. */
export function judged(table, column, unit, value) {
  if (value === undefined || Number.isNaN(value)) {
    return "";
  }
  if (unit === "yes") {
    return value >= 1 ? "good" : "bad";
  }
  const [warn, bad] = limits[`${table}.${column}`] ?? [Infinity, Infinity];
  return value >= bad ? "bad" : value >= warn ? "warn" : "";
}

/** The mark that goes with a state, so that nobody needs its colour. */
export const marks = { good: "✔", warn: "▲", bad: "✖", unknown: "?" };

function part(title, have, want, what) {
  const known = have !== undefined && want !== undefined;
  return {
    title,
    state: !known ? "unknown" : have < want ? "bad" : "good",
    value: known ? `${have} of ${want}` : "–",
    note: what,
  };
}

function alertTile(alerts) {
  const urgent = alerts.filter((a) => a.severity === "critical").length;
  return {
    title: "Alerts",
    state: urgent > 0 ? "bad" : alerts.length > 0 ? "warn" : "good",
    value: alerts.length === 0 ? "none" : String(alerts.length),
    note: urgent > 0 ? `${urgent} critical` : "",
  };
}

function cephTile(health, reasons) {
  const words = ["HEALTH_OK", "HEALTH_WARN", "HEALTH_ERR"];
  return {
    title: "Ceph",
    state: health === undefined ? "unknown" : ["good", "warn", "bad"][health] ?? "bad",
    value: health === undefined ? "–" : (words[health] ?? String(health)).replace("HEALTH_", ""),
    note: health === undefined ? "no manager tells" : reasons ?? "",
  };
}

function capacityTile(used, bytes) {
  const ratio = used / bytes;
  return {
    title: "Ceph capacity",
    state: Number.isNaN(ratio) ? "unknown" : ratio > 0.85 ? "bad" : ratio > 0.75 ? "warn" : "good",
    value: shown(ratio, "ratio"),
    note: Number.isNaN(ratio) ? "" : `${shown(used, "bytes")} of ${shown(bytes, "bytes")}`,
  };
}

/** The tiles at the top, from the figures by their ids and the alerts that fire. */
export function tiles(figures, alerts) {
  const f = figures;
  const quorum = part("Quorum", f.quorate, f.quorate_all, "nodes say so");
  if (f.quorate_all === 0) {
    Object.assign(quorum, { state: "unknown", value: "–", note: "nobody says" });
  }
  const vms = f.vms ?? 0;
  return [
    alertTile(alerts),
    part("Nodes", f.nodes_up, f.nodes_all, "answer"),
    quorum,
    cephTile(f.ceph_health, f.ceph_reasons),
    capacityTile(f.ceph_used ?? NaN, f.ceph_bytes ?? NaN),
    part("OSDs", f.osds_up, f.osds_all, `up, ${shown(f.osds_in)} in`),
    part("Placement groups", f.pgs_active, f.pgs_all, "serve"),
    part("Bond ports", f.ports_up, f.ports_all, "in service"),
    { title: "Virtual machines", state: "good", value: String(vms), note: "known to libvirt" },
    {
      title: "Bedplate", state: f.versions > 1 ? "warn" : f.versions === 1 ? "good" : "unknown",
      value: f.versions === undefined ? "–" : f.versions === 1 ? "one" : String(f.versions),
      note: f.versions > 1 ? "versions" : "version",
    },
  ];
}
