#!/usr/bin/python3 -I
# SPDX-License-Identifier: GPL-3.0-or-later
"""ceph-volume, which writes keyrings itself.

The packaged one has ceph-authtool write them, with the key as an argument: whoever is on the node can see that in the
list of processes, and it is logged. Everything else is the packaged program (decision 0093).
"""
import os

from ceph_volume import conf, main
from ceph_volume.util import encryption, prepare, system


def write_keyring(osd_id, secret, keyring_name='keyring', name=None):
    """Write the keyring of an OSD, or of its lockbox, for ceph alone; replaces one that is there."""
    path = f'/var/lib/ceph/osd/{conf.cluster}-{osd_id}/{keyring_name}'
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, 'w', encoding='ascii') as keyring:
        keyring.write(f'[{name or f"osd.{osd_id}"}]\n\tkey = {secret}\n')
    system.chown(path)


prepare.write_keyring = write_keyring
encryption.write_keyring = write_keyring
main.Volume()
