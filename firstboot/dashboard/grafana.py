#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Grafana dashboard that asks the same as the page: grafana.py panels.json > bedplate-grafana.json"""
import json
import sys

UNITS = {"ratio": "percentunit", "bytes": "bytes", "bytes/s": "Bps", "seconds": "s", "milliseconds": "ms",
         "yes": "bool_yes_no"}
SOURCE = {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}
COLUMNS = 24


class Board:
    """Panels from left to right and from top to bottom."""

    def __init__(self):
        self.panels, self.x, self.y, self.row = [], 0, 0, 0

    def add(self, width, height, kind, title, targets, unit="", **more):
        if self.x + width > COLUMNS:
            self.x, self.y, self.row = 0, self.y + self.row, 0
        for at, target in enumerate(targets):
            target.update(refId=chr(ord("A") + at), datasource=SOURCE)
        self.panels.append({
            "id": len(self.panels) + 1, "type": kind, "title": title, "datasource": SOURCE, "targets": targets,
            "gridPos": {"x": self.x, "y": self.y, "w": width, "h": height},
            "fieldConfig": {"defaults": {"unit": UNITS.get(unit, "short")}, "overrides": more.pop("overrides", [])},
            **more})
        self.x += width
        self.row = max(self.row, height)

    def end_row(self):
        self.x, self.y, self.row = 0, self.y + self.row, 0


def instant(expr, **more):
    return {"expr": expr, "instant": True, "range": False, **more}


def add_table(board, table):
    """One question a column, joined by the label that names the rows."""
    targets, names, overrides = [], {table["key"]: table["key"]}, []
    for at, column in enumerate(table["columns"]):
        targets.append(instant(column["expr"], format="table"))
        value = f"Value #{chr(ord('A') + at)}"
        names[value] = column["title"]
        overrides.append({"matcher": {"id": "byName", "options": column["title"]},
                          "properties": [{"id": "unit", "value": UNITS.get(column.get("unit", ""), "short")}]})
    board.add(COLUMNS, 8, "table", table["title"], targets, overrides=overrides, transformations=[
        {"id": "merge", "options": {}},
        {"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": names}}])


def dashboard(panels):
    board = Board()
    board.add(COLUMNS, 6, "table", "Alerts",
              [instant('ALERTS{alertstate="firing",severity!="none"}', format="table")],
              transformations=[{"id": "organize", "options": {"excludeByName": {"Time": True, "Value": True, "__name__": True}}}])
    for figure in panels["figures"]:
        if "label" not in figure:
            board.add(4, 3, "stat", figure["title"], [instant(figure["expr"])], figure.get("unit", ""))
    board.end_row()
    for table in panels["tables"]:
        add_table(board, table)
    for chart in panels["charts"]:
        legend = "{{" + chart["legend"] + "}}" if chart["legend"] else chart["title"]
        board.add(12, 8, "timeseries", chart["title"], [{"expr": chart["expr"], "legendFormat": legend, "range": True}],
                  chart["unit"])
    return {
        "__inputs": [{"name": "DS_PROMETHEUS", "label": "Prometheus", "type": "datasource", "pluginId": "prometheus",
                      "pluginName": "Prometheus", "description": "A control node: http://ADDRESS:9090"}],
        "uid": "bedplate-cluster", "title": panels["title"], "tags": ["bedplate"], "schemaVersion": 39, "version": 1,
        "editable": True, "refresh": "30s", "time": {"from": f"now-{panels['range_minutes']}m", "to": "now"},
        "timezone": "browser", "templating": {"list": []}, "annotations": {"list": []}, "panels": board.panels}


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        json.dump(dashboard(json.load(file)), sys.stdout, indent=1)
    print()
