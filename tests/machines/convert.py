#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn the facts of real servers (one YAML file a machine) into inventories of this project.

    tests/machines/convert.py [--check] FACTS_DIR

writes tests/machines/<name>/inventory.json for every machine, and the fixtures derived from them. The same
facts always give the same bytes; --check only compares and exits with 1 where a file would change.

What the facts do not know stays out. Where the format has no way of leaving a field out, the value is the
empty one ("" or 0) or a stated assumption; recorded_with.assumed lists every such place.
"""
import argparse
import copy
import json
import pathlib
import re
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parent
BINARY = {"M": 2**20, "G": 2**30, "T": 2**40}
DECIMAL = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
VIRTUAL_MEDIA_USB = {"0624:0251", "413c:0001"}
BMC_NIC_USB = "413c:a102"


class Assumptions:
    """Places where the format wanted a value that the facts do not have; each sentence once, in order."""

    def __init__(self):
        self.sentences = []

    def note(self, sentence):
        if sentence not in self.sentences:
            self.sentences.append(sentence)


def reported_size(text):
    """Bytes of '223.6G' (lsblk, powers of 1024) or '200GB SSD' (label, powers of 1000)."""
    match = re.match(r"([0-9.]+)\s*(MB|GB|TB|M|G|T)\b", text)
    number, unit = float(match.group(1)), match.group(2)
    if unit in DECIMAL:
        return int(number * DECIMAL[unit])
    return int(number * BINARY[unit]) // 2**20 * 2**20


def size_of(facts, name, assumed):
    if "size_bytes" in facts:
        return facts["size_bytes"]
    if "size_reported" in facts:
        assumed.note(f"{name}: size from the rounded figure {facts['size_reported']}")
        return reported_size(facts["size_reported"])
    assumed.note(f"{name}: size unknown, shown as 0")
    return 0


def by_id_of(facts):
    names = facts.get("by_id", []) + facts.get("by_id_extra", [])
    known = [n.replace("<serial>", facts["serial"]) if "serial" in facts else n for n in names]
    return sorted(n for n in known if "<serial>" not in n)


def holder(kind, name, **detail):
    return {"kind": kind, "name": name, "detail": detail}


def holders_of(facts):
    found = []
    for part in facts.get("partitions", []):
        if "vg" in part:
            found.append(holder("lvm", part["vg"], partition=part["name"]))
        if "md" in part:
            found.append(holder("md", part["md"].split()[0], partition=part["name"]))
    for signature in facts.get("signatures", []):
        match = re.match(r"LVM2_member vg=(\S+)", signature)
        if match:
            found.append(holder("lvm", match.group(1)))
    return [h for i, h in enumerate(found) if h["name"] not in [o["name"] for o in found[:i]]]


def signatures_of(facts, assumed):
    names = []
    for text in facts.get("signatures", []):
        word = text.split()[0]
        if word == "filesystem":
            assumed.note(f"{facts['name']}: a file system of unknown type, shown as 'filesystem'")
        names.append(word)
    return names


def partitions_of(facts, assumed):
    rows = []
    for part in facts.get("partitions") or []:
        assumed.note(f"{facts['name']}: where its partitions start is unknown, shown as 0")
        rows.append({
            "number": int(re.search(r"(\d+)$", part["name"]).group(1)),
            "start": 0,
            "size_bytes": size_of(part, part["name"], assumed),
            "type": "",
            "label": "",
            "fstype": part.get("type", ""),
            "uuid": "",
        })
    return rows


def vendor_of(facts, assumed):
    if facts.get("transport") == "nvme":
        if "vendor" in facts:
            assumed.note("vendor of NVMe disks: empty, since Linux shows none for them")
        return ""
    return facts.get("vendor", "")


def disk_of(facts, assumed):
    name = facts["name"]
    logical = facts.get("logical_block_size", 512)
    if "logical_block_size" not in facts:
        assumed.note("logical_block_size unknown where the facts give none: 512")
    assumed.note("physical_block_size unknown: as logical_block_size")
    partitions = partitions_of(facts, assumed)
    if partitions:
        assumed.note("partition tables are GPT")
    if "partitions" not in facts:
        assumed.note("partition tables and signatures are none where the facts do not name any")
    disk = {
        "name": name,
        "path": "" if "name_note" in facts else f"/dev/{name}",
        "by_id": by_id_of(facts),
        "by_path": facts.get("by_path", ""),
        "wwn": facts.get("wwn") or "",
        "serial": facts.get("serial", ""),
        "model": re.sub(r" \(per order\)$", "", facts.get("model", "")),
        "vendor": vendor_of(facts, assumed),
        "transport": facts.get("transport", "unknown"),
    }
    if "rotational" in facts:
        disk["rotational"] = facts["rotational"]
    disk |= {
        "removable": facts.get("removable", False),
        "read_only": False,
        "size_bytes": size_of(facts, name, assumed),
        "logical_block_size": logical,
        "physical_block_size": logical,
        "hctl": facts.get("hctl", ""),
        "pci": facts.get("controller_pci", ""),
        "bmc_virtual": facts.get("usb_id") in VIRTUAL_MEDIA_USB,
        "installation_medium": False,
        "partition_table": "gpt" if partitions else "",
        "partitions": partitions,
        "signatures": signatures_of(facts, assumed),
        "holders": holders_of(facts),
    }
    return disk


def nic_of(facts, assumed):
    if "name" not in facts:
        assumed.note("names of network ports unknown: empty")
    if "mac" not in facts:
        assumed.note("MAC addresses unknown: empty")
    assumed.note("mtu_max unknown: 0")
    nic = {
        "name": facts.get("name", ""),
        "mac": facts.get("mac", ""),
        "permanent_mac": facts.get("mac", ""),
        "driver": facts.get("driver", ""),
        "model": facts.get("model", ""),
        "pci": facts.get("pci", ""),
    }
    if facts.get("speed_mbps"):
        nic["speed_mbps"] = facts["speed_mbps"]
    if "link" in facts:
        nic["link"] = facts["link"]
    nic |= {"mtu_max": 0, "bmc_virtual": facts.get("usb_id") == BMC_NIC_USB}
    if "lldp" in facts:
        nic["lldp"] = {"chassis": facts["lldp"]["switch"], "port": "", "vlans": []}
    return nic


def firmware_of(facts, assumed):
    bios = facts.get("bios", {})
    mode = bios.get("boot_mode", "").lower().split()
    if not mode:
        assumed.note("firmware mode unknown: uefi")
    assumed.note("secure_boot unknown: false")
    return {"mode": mode[0] if mode else "uefi", "secure_boot": False, "version": bios.get("version", "")}


def cpu_of(facts, assumed):
    cpu = facts.get("cpu", {})
    model = cpu.get("model", "")
    if not cpu:
        assumed.note("cpu unknown: empty")
    vendor = {"Intel(R)": "GenuineIntel", "AMD": "AuthenticAMD"}.get(model.split(" ")[0], "")
    return {
        "vendor": vendor,
        "model": model,
        "sockets": cpu.get("sockets", 0),
        "cores": cpu.get("cores", 0),
        "threads": cpu.get("threads", 0),
        "flags": [],
    }


def system_of(facts, assumed):
    system = facts["system"]
    product = re.sub(r" \(SKU=.*\)$", "", system["product"])
    if product != system["product"]:
        assumed.note("the source shows the product with lshw's suffix; DMI's product_name is without")
    return {
        "manufacturer": system["manufacturer"],
        "product": product,
        "serial": system.get("serial", ""),
        "uuid": "",
        "sku": system.get("sku", ""),
    }


def inventory_of(facts, file_name):
    assumed = Assumptions()
    if "memory_bytes" not in facts:
        assumed.note("memory unknown: 0")
    if "bmc" not in facts:
        assumed.note("presence of a BMC unknown: false")
    inventory = {
        "schema": "bedplate/inventory/v1",
        "system": system_of(facts, assumed),
        "firmware": firmware_of(facts, assumed),
        "bmc": {"present": "bmc" in facts, "ip": "", "mac": ""},
        "cpu": cpu_of(facts, assumed),
        "memory": {"total_bytes": facts.get("memory_bytes", 0), "numa_nodes": []},
        "disks": [disk_of(d, assumed) for d in facts.get("disks", [])],
        "nics": [nic_of(n, assumed) for n in facts.get("nics", [])],
    }
    inventory["recorded_with"] = {
        "how": "converted",
        "from": file_name,
        "fidelity": facts["fidelity"],
        "sources": [source["ref"] for source in facts["source"]],
        "identifiers": "synthetic where they would name a real machine",
        "inferred": facts.get("inferred", []),
        "unknown": facts.get("unknown", []),
        "assumed": assumed.sentences,
    }
    return inventory


def with_4k_blocks(inventory):
    """No complete machine with native 4096-byte blocks was found; this is what one would look like."""
    derived = copy.deepcopy(inventory)
    for disk in derived["disks"]:
        assert disk["size_bytes"] % 4096 == 0
        disk["logical_block_size"] = disk["physical_block_size"] = 4096
    derived["recorded_with"]["how"] = "derived: as converted, with 4096-byte blocks on every disk"
    return derived


DERIVED = {"t640-4kn-derived": ("t640-boss-h740p-dvd-em", with_4k_blocks)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("facts", type=pathlib.Path, metavar="FACTS_DIR")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file would change")
    arguments = parser.parse_args()
    machines = {}
    for path in sorted(arguments.facts.glob("*.yaml")):
        facts = yaml.safe_load(path.read_text(encoding="utf-8"))
        machines[facts["name"]] = inventory_of(facts, path.name)
    for name, (base, change) in DERIVED.items():
        machines[name] = change(machines[base])
    changed = 0
    for name, inventory in machines.items():
        target = HERE / name / "inventory.json"
        text = json.dumps(inventory, indent=2, ensure_ascii=False) + "\n"
        if target.exists() and target.read_text(encoding="utf-8") == text:
            continue
        changed += 1
        print(f"{'differs' if arguments.check else 'wrote'}: {target.relative_to(HERE)}")
        if not arguments.check:
            target.parent.mkdir(exist_ok=True)
            target.write_text(text, encoding="utf-8")
    return 1 if arguments.check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
