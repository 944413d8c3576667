#!/usr/bin/python3 -I
# SPDX-License-Identifier: GPL-3.0-or-later
"""ceph-volume, which writes keyrings itself and lets systemd be.

The packaged one has ceph-authtool write them, with the key as an argument: whoever is on the node can see that in the
list of processes, and it is logged (decision 0093). Of each unit that it enables it has systemd read all units again, which
takes longer than the rest of what it does where the machine is slow; starting one reads what enabling has linked (decision
0106). Everything else is the packaged program.
"""
import os

from ceph_volume import conf, main, process
from ceph_volume.systemd import systemctl
from ceph_volume.util import encryption, prepare, system


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


systemctl.enable = enable
prepare.write_keyring = write_keyring
encryption.write_keyring = write_keyring
main.Volume()
