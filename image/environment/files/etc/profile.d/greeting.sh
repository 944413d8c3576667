# SPDX-License-Identifier: GPL-3.0-or-later
# What a person finds who comes to a console of the installer. The shell prints it, not a step of the service before it:
# systemd resets the terminal for each step, and throws away what the serial line has not sent yet.
[ -z "${PS1-}" ] || cat /usr/share/bedplate/shell-motd
