#!/usr/bin/python3 -I
# SPDX-License-Identifier: GPL-3.0-or-later
"""ceph-volume, which writes keyrings itself, lets systemd be, and asks monitors through librados.

The packaged one has ceph-authtool write keyrings, with the key as an argument: whoever is on the node can see that in the
list of processes, and it is logged (decision 0093). Of each unit that it enables it has systemd read all units again, which
takes longer than the rest of what it does where the machine is slow; starting one reads what enabling has linked (decision
0106). And it starts the `ceph` tool twice for a new OSD, a Python program that reads the descriptions of all commands
before it sends one (decision 0092). Everything else is the packaged program.
"""
import json
import os
import subprocess

from ceph_volume import conf, main, process
from ceph_volume.systemd import systemctl
from ceph_volume.util import encryption, prepare, system


def ask_monitors(command, what):
    """The monitors' answer, in bytes, to who may only make OSDs; `what` is given with the command."""
    done = subprocess.run(
        ['/usr/lib/bedplate/bedplate-ceph', '--name', 'client.bootstrap-osd',
         '--keyring', f'/var/lib/ceph/bootstrap-osd/{conf.cluster}.keyring'],
        input=json.dumps({'command': command, 'input': what}).encode(), capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f'{command["prefix"]}: {done.stderr.decode(errors="replace").strip()}')
    return done.stdout


def create_id(fsid, json_secrets, osd_id=None):
    """The number of a new OSD; the same again for the same fsid and secrets. `osd_id`: a number to take over."""
    if osd_id is not None:
        return packaged_create_id(fsid, json_secrets, osd_id)
    return ask_monitors({'prefix': 'osd new', 'uuid': fsid}, json_secrets).decode().strip()


def get_monmap(osd_id):
    """Put the monitors' map where ceph-osd looks for it as it makes its store."""
    with open(f'/var/lib/ceph/osd/{conf.cluster}-{osd_id}/activate.monmap', 'wb') as monmap:
        monmap.write(ask_monitors({'prefix': 'mon getmap'}, ''))


def write_keyring(osd_id, secret, keyring_name='keyring', name=None):
    """Write the keyring of an OSD, or of its lockbox, for ceph alone; replaces one that is there."""
    path = f'/var/lib/ceph/osd/{conf.cluster}-{osd_id}/{keyring_name}'
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, 'w', encoding='ascii') as keyring:
        keyring.write(f'[{name or f"osd.{osd_id}"}]\n\tkey = {secret}\n')
    system.chown(path)


def enable(unit, runtime=False):
    """Enable a unit, until the next start of the machine only if that is asked for."""
    process.run(['systemctl', 'enable', '--no-reload', *(['--runtime'] if runtime else []), unit])


packaged_create_id = prepare.create_id
prepare.create_id = create_id
prepare.get_monmap = get_monmap
systemctl.enable = enable
prepare.write_keyring = write_keyring
encryption.write_keyring = write_keyring
main.Volume()
