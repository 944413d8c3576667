#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# ocf:bedplate:VirtualDomain, as Pacemaker calls it: the heartbeat agent of that name, which ends a guest earlier.
#
# That one switches a guest off 5 s before the time for `stop` is over. libvirt alone waits 10 s from SIGTERM to SIGKILL, so
# the stop of a guest that does not heed its power button failed, and the node was fenced (docs/decisions/0105). Here the guest
# has two thirds of the time; the rest is libvirt's.
set -eu

if [ "${1:-}" = stop ]; then
    # Milliseconds. Without any, what the heartbeat agent takes by itself.
    OCF_RESKEY_CRM_meta_timeout=$((${OCF_RESKEY_CRM_meta_timeout:-90000} * 2 / 3))
    export OCF_RESKEY_CRM_meta_timeout
fi
exec "${OCF_ROOT:-/usr/lib/ocf}/resource.d/heartbeat/VirtualDomain" "$@"
