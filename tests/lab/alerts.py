#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make three alerts fire in a lab, see them arrive at a receiver, mend what was broken, and see them resolved.

usage: alerts.py [--name lab] [--folder DIR] [--port 8099] [--minutes 15] [osd] [leg] [node]

The lab was made with `bedplate lab up --alerts http://GATEWAY:8099/`. osd: the OSDs of the last node are stopped (OsdDown);
leg: a port of its first bond loses its link (BondDegraded; LacpLegLost where the bond is one with LACP); node: it is
switched off (HostDown). Prints a JSON line for each: seconds from the fault until the receiver had it, and from the mending
until it had its end; exit status 1 if one did not come. Needs what `bedplate lab` needs, and virsh.
"""
import argparse
import json
import subprocess
import sys
import tempfile
import time
import urllib.request

from labs import HERE, Lab


class BrokenLab(Lab):
    """A lab of which the last node is broken."""

    def __init__(self, name, folder):
        super().__init__(name, folder)
        self.node = self.nodes[-1]

    def there(self, *command):
        return self.run(self.node["hostname"], *command)

    def is_running(self):
        return self.virsh("domstate", self.domain(self.node)).strip() == "running"


class Receiver:
    """webhook.py, and what it got."""

    def __init__(self, port):
        self.folder = tempfile.TemporaryDirectory()
        self.url = f"http://127.0.0.1:{port}/"
        self.process = subprocess.Popen([sys.executable, str(HERE / "webhook.py"), "--port", str(port),
                                         "--file", f"{self.folder.name}/alerts.jsonl"])

    def got(self, names, status, since, about):
        """The first alert of one of these names with this state that came after the line number `since`."""
        for line in self.lines()[since:]:
            for alert in json.loads(line)["alerts"]:
                labels = alert["labels"]
                if labels["alertname"] in names and alert["status"] == status and about(labels):
                    return labels["alertname"]
        return None

    def lines(self):
        try:
            with urllib.request.urlopen(self.url, timeout=10) as reply:
                return reply.read().decode().splitlines()
        except OSError:
            return []

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


def wait_for(receiver, names, status, since, about, minutes):
    begun = time.monotonic()
    while time.monotonic() - begun < minutes * 60:
        name = receiver.got(names, status, since, about)
        if name:
            return name, round(time.monotonic() - begun, 1)
        time.sleep(2)
    return None, None


def faults(lab):
    """Name -> alerts that say so, whether one is about this fault, how it is made, and how mended."""
    node = lab.node["hostname"]
    mac = lab.node["macs"][0]
    return {
        "osd": (("OsdDown",), lambda labels: labels.get("node", node) == node,
                lambda: lab.there("systemctl", "stop", "ceph-osd.target"),
                lambda: lab.there("systemctl", "start", "ceph-osd.target")),
        "leg": (("BondDegraded", "LacpLegLost"), lambda labels: labels["node"] == node,
                lambda: lab.virsh("domif-setlink", lab.domain(lab.node), mac, "down"),
                lambda: lab.virsh("domif-setlink", lab.domain(lab.node), mac, "up")),
        "node": (("HostDown",), lambda labels: labels["node"] == node,
                 lambda: lab.virsh("destroy", lab.domain(lab.node)), lambda: start(lab)),
    }


def start(lab):
    """Its BMC, by which the others fence it, may be faster at any moment."""
    if lab.is_running():
        return
    try:
        lab.virsh("start", lab.domain(lab.node))
    except SystemExit:
        if not lab.is_running():
            raise


def mend_after_error(name, mend):
    """What went wrong first is what has to be read."""
    try:
        mend()
    except (SystemExit, OSError) as error:
        print(f"{name} is not mended: {error}", file=sys.stderr)


def one(lab, receiver, name, minutes):
    names, about, break_it, mend = faults(lab)[name]
    since = len(receiver.lines())
    try:
        break_it()
        alert, told = wait_for(receiver, names, "firing", since, about, minutes)
    except BaseException:
        mend_after_error(name, mend)
        raise
    mend()
    _, over = wait_for(receiver, (alert,), "resolved", since, about, minutes) if alert else (None, None)
    print(json.dumps({"fault": name, "node": lab.node["hostname"], "alert": alert, "seconds_until_told": told,
                      "seconds_until_resolved": over}), flush=True)
    return told is not None and over is not None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="lab")
    parser.add_argument("--folder", default="")
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--minutes", type=float, default=15, help="to wait for each notification")
    parser.add_argument("faults", nargs="*", metavar="osd|leg|node")
    options = parser.parse_args()
    lab = BrokenLab(options.name, options.folder)
    wanted = options.faults or ["osd", "leg", "node"]
    if unknown := set(wanted) - set(faults(lab)):
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    receiver = Receiver(options.port)
    try:
        results = [one(lab, receiver, name, options.minutes) for name in wanted]
    finally:
        receiver.close()
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
