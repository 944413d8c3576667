#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page with the state of the cluster (firstboot/dashboard) in a real browser.

usage: pictures.py record URL FILE     what a Prometheus answers to everything that the page asks, for later
       pictures.py serve FILE          the page over recorded answers, at the address that is printed
       pictures.py shoot FILE|URL DIR  look at it in headless Chromium: pictures into DIR, and complain where
                                       something is missing or the page is wider than its window

URL is a node's Prometheus ("http://10.77.0.11:9090"); FILE one of recorded/. Needs Debian's chromium (CHROMIUM= names
another one) for shoot alone.
"""
import argparse
import functools
import html.parser
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
DASHBOARD = HERE.parents[2] / "firstboot" / "dashboard"
STEPS = 120
# name of the picture, width and height of the page, dark
WINDOWS = (("desktop", 1280, 1700, False), ("phone", 390, 2600, False), ("desktop-dark", 1280, 1700, True))


# --- recording -----------------------------------------------------------------------------------------------

def questions(panels):
    """Every instant question of the page, and every one about the last hour."""
    instant = [one["expr"] for one in panels["figures"]]
    instant += [column["expr"] for table in panels["tables"] for column in table["columns"]]
    return sorted(set(instant)), sorted({chart["expr"] for chart in panels["charts"]})


def answer_of(url, path, **parameters):
    address = f"{url.rstrip('/')}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    try:
        with urllib.request.urlopen(address, timeout=30) as reply:
            return json.load(reply)["data"]
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{parameters.get('query', path)}: {error.read().decode()}") from error


def record(url, file):
    panels = json.loads((DASHBOARD / "panels.json").read_text())
    instant, ranges = questions(panels)
    end = int(time.time())
    span = {"start": end - panels["range_minutes"] * 60, "end": end, "step": panels["range_minutes"] * 60 // STEPS}
    recorded = {
        "end": end,
        "query": {expr: answer_of(url, "query", query=expr) for expr in instant},
        "query_range": {expr: answer_of(url, "query_range", query=expr, **span) for expr in ranges},
        "alerts": answer_of(url, "alerts"),
        "status/config": answer_of(url, "status/config"),
    }
    pathlib.Path(file).write_text(json.dumps(recorded, separators=(",", ":")) + "\n")
    empty = [expr for expr in instant + ranges
             if not (recorded["query"].get(expr) or recorded["query_range"].get(expr))["result"]]
    for expr in empty:
        print(f"no answer to {expr}", file=sys.stderr)


# --- serving -------------------------------------------------------------------------------------------------

def shifted(data, by):
    """The same answer at another time."""
    if isinstance(data, dict) and "result" in data:
        result = []
        for one in data["result"]:
            one = dict(one)
            if "values" in one:
                one["values"] = [[at + by, value] for at, value in one["values"]]
            if "value" in one:
                one["value"] = [one["value"][0] + by, one["value"][1]]
            result.append(one)
        return {**data, "result": result}
    return data


def alerts_shifted(data, by):
    return {"alerts": [{**one, "activeAt": stamp(parsed(one["activeAt"]) + by)} for one in data["alerts"]]}


def parsed(text):
    import datetime
    return datetime.datetime.fromisoformat(text[:19] + "+00:00").timestamp()


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


# Chromium has no window of less than 500 pixels: a phone's is a frame in one. It also hands out what is in the frame.
FRAME = """<!DOCTYPE html>
<title>frame</title>
<style>body {{ margin: 0; background: gray }} iframe {{ width: {width}px; height: {height}px; border: 0; display: block }}</style>
<iframe src="/user/"></iframe>
<pre hidden></pre>
<script>
  const look = () => {{
    const inner = document.querySelector("iframe").contentDocument.documentElement;
    if (!inner.dataset.shown) {{
      return setTimeout(look, 100);
    }}
    document.body.dataset.wide = inner.scrollWidth;
    document.querySelector("pre").textContent = inner.outerHTML;
  }};
  look();
</script>
"""


class Handler(http.server.SimpleHTTPRequestHandler):
    """The page below /user/ and answers below /api/v1/, as Prometheus has them: recorded ones, or those of another."""

    extensions_map = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json"}

    def __init__(self, *arguments, recorded=None, upstream=None, **keywords):
        self.recorded, self.upstream = recorded, upstream
        super().__init__(*arguments, directory=str(DASHBOARD), **keywords)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path.startswith("/frame/"):
            width, height = url.path.removeprefix("/frame/").split("x")
            return self.reply(200, "text/html", FRAME.format(width=int(width), height=int(height)).encode())
        if self.upstream:
            return self.forward()
        if url.path.startswith("/api/v1/"):
            return self.answer(url.path.removeprefix("/api/v1/"), dict(urllib.parse.parse_qsl(url.query)))
        if not url.path.startswith("/user/"):
            return self.send_error(404)
        self.path = url.path.removeprefix("/user")
        return super().do_GET()

    def forward(self):
        try:
            with urllib.request.urlopen(self.upstream + self.path, timeout=30) as reply:
                return self.reply(reply.status, reply.headers["Content-Type"], reply.read())
        except urllib.error.HTTPError as error:
            return self.reply(error.code, error.headers["Content-Type"], error.read())

    def reply(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer(self, path, parameters):
        by = int(time.time()) - self.recorded["end"]
        data = self.recorded.get(path)
        if path == "alerts":
            data = alerts_shifted(data, by)
        elif path in ("query", "query_range"):
            data = shifted(data.get(parameters["query"]), by)
        known = data is not None
        body = {"status": "success", "data": data} if known else {"status": "error", "error": "not recorded"}
        self.reply(200 if known else 422, "application/json", json.dumps(body).encode())

    def log_message(self, *arguments):
        pass


def served(what):
    """A server of a recording, or in front of another Prometheus."""
    if what.startswith(("http://", "https://")):
        source = {"upstream": what.rstrip("/")}
    else:
        source = {"recorded": json.loads(pathlib.Path(what).read_text())}
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, **source))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}"


# --- looking -------------------------------------------------------------------------------------------------

class Page(html.parser.HTMLParser):
    """What a browser made of it: texts, and how many of some elements."""

    def __init__(self, text):
        super().__init__()
        self.wide, self.counts, self.words = None, {}, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if "data-wide" in attributes:
            self.wide = int(attributes["data-wide"])
        kinds = [tag] + (["tile"] if attributes.get("class", "").startswith("tile ") else [])
        for kind in kinds:
            self.counts[kind] = self.counts.get(kind, 0) + 1

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def chromium(url, width, height, dark, *arguments):
    program = os.environ.get("CHROMIUM", "chromium")
    with tempfile.TemporaryDirectory() as profile:
        command = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
                   f"--user-data-dir={profile}", f"--window-size={max(width, 500)},{height}", "--virtual-time-budget=15000"]
        if dark:
            command.append("--blink-settings=preferredColorScheme=0")
        return subprocess.run([*command, *arguments, url], check=True, capture_output=True, text=True, timeout=180).stdout


def complaints(outer, panels, width):
    if outer.wide is None:
        yield "the page never came to its end"
        return
    if outer.wide > width:
        yield f"the page is {outer.wide} pixels wide, its window {width}"
    page = Page(outer.text)
    for what, least in (("tile", 8), ("figure", len(panels["charts"]))):
        if page.counts.get(what, 0) < least:
            yield f"{page.counts.get(what, 0)} of {least} {what}s"
    for table in panels["tables"]:
        if table["title"] not in page.text:
            yield f"there is no table {table['title']}"
    for word in ("undefined", "NaN", "[object"):
        if word in page.text:
            yield f"'{word}' is on the page"


def shoot(base, folder):
    panels = json.loads((DASHBOARD / "panels.json").read_text())
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    found = []
    for name, width, height, dark in WINDOWS:
        picture = pathlib.Path(folder) / f"cluster-{name}.png"
        url = f"{base}/frame/{width}x{height}"
        chromium(url, width, height, dark, f"--screenshot={picture.resolve()}")
        outer = Page(chromium(url, width, height, dark, "--dump-dom"))
        found += [f"{name}: {what}" for what in complaints(outer, panels, width)]
        print(picture)
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, first, second in (("record", "url", "file"), ("serve", "file", None), ("shoot", "what", "folder")):
        one = verbs.add_parser(verb)
        one.add_argument(first)
        if second:
            one.add_argument(second)
    options = parser.parse_args()
    if options.verb == "record":
        return record(options.url, options.file)
    if options.verb == "serve":
        server, base = served(options.file)
        print(f"{base}/user/", flush=True)
        threading.Event().wait()
        return server
    server, base = served(options.what)
    try:
        return shoot(base, options.folder)
    finally:
        server.shutdown()


if __name__ == "__main__":
    sys.exit(main())
