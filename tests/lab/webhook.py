#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A receiver of alerts: appends each notification of Alertmanager as a JSON line to a file.

usage: webhook.py --port PORT --file FILE [--address ADDRESS]

A line is {"received": RFC 3339, "status": "firing"|"resolved", "alerts": [{"status", "labels", "annotations",
"startsAt", "endsAt"}, ...]}, on disk before Alertmanager gets its answer. What is no notification is answered with 400
and not written. GET answers with the lines so far.
"""
import argparse
import datetime
import http.server
import json
import os
import threading

MOST_BYTES = 4 * 1024 * 1024
KEPT = ("status", "labels", "annotations", "startsAt", "endsAt")


class Lines:
    """The file, written by one at a time."""

    def __init__(self, path):
        self.path, self.lock = path, threading.Lock()
        with open(path, "a", encoding="utf-8"):
            pass

    def add(self, notification):
        line = json.dumps({
            "received": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds"),
            "status": notification["status"],
            "alerts": [{key: alert.get(key) for key in KEPT} for alert in notification["alerts"]],
        })
        with self.lock, open(self.path, "a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def read(self):
        with open(self.path, "rb") as file:
            return file.read()


class Handler(http.server.BaseHTTPRequestHandler):
    lines = None

    def do_POST(self):
        try:
            size = int(self.headers.get("Content-Length", "0"))
            if not 0 < size <= MOST_BYTES:
                raise ValueError("no content, or too much")
            self.lines.add(json.loads(self.rfile.read(size)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return self.reply(400, f"no notification: {error}\n".encode())
        return self.reply(200, b"")

    def do_GET(self):
        self.reply(200, self.lines.read(), "application/x-ndjson")

    def reply(self, status, body, kind="text/plain"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--file", required=True)
    parser.add_argument("--address", default="0.0.0.0", help="to listen at (all)")
    options = parser.parse_args()
    Handler.lines = Lines(options.file)
    with http.server.ThreadingHTTPServer((options.address, options.port), Handler) as server:
        print(f"http://{options.address}:{server.server_address[1]}/ -> {options.file}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
