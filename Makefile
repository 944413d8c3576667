# SPDX-License-Identifier: GPL-3.0-or-later
# Thin on purpose: each target calls one script or one program. `make help` lists them.

ENTER := image/buildroot/enter
# Bootstrapping a Debian tree needs root; whoever is not uses sudo for that part only.
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo -E)
BUILD := build/cmake
JOBS ?= $(shell nproc)

.DEFAULT_GOAL := help
.PHONY: help buildroot build packages iso check check-vm check-disks check-network check-lab check-lab-faults lab drills check-media check-reproducible test bench \
	lint format shell clean

help: ## This list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

buildroot: ## Make the Debian 13 build root under build/ (every other target does it when needed)
	@image/buildroot/setup

$(BUILD)/build.ninja: CMakePresets.json | buildroot
	@$(ENTER) cmake --preset dev >build/configure.log || { cat build/configure.log >&2; exit 1; }

build: buildroot $(BUILD)/build.ninja ## Compile everything, tests included
	@$(ENTER) ninja -C $(BUILD) -j $(JOBS) --quiet
	@image/buildroot/link-commands

iso: buildroot $(BUILD)/build.ninja ## Build out/bedplate-VERSION-amd64.iso, the PXE tree and the packages
	@$(ENTER) ninja -C $(BUILD) -j $(JOBS) --quiet packages
	@image/buildroot/link-commands
	@$(AS_ROOT) $(ENTER) $(BUILD)/installer/cli/bedplate image build

test: build ## What needs neither root nor a VM: unit, plans, layering, storage on sparse files (a minute or two)
	@$(ENTER) ctest --test-dir $(BUILD) --output-on-failure -LE 'vm|rack|disks|long' -j $(JOBS)

check: ## Prove the tree: tests, the image, and installations in virtual machines
	@tests/check

check-vm: iso build ## Only the tests in virtual machines
	@$(AS_ROOT) $(ENTER) ctest --test-dir $(BUILD) --output-on-failure -L '^vm$$'

check-media: iso build ## Every way in which a medium reaches a machine: firmware, drives, network, faults (an hour or more)
	@$(AS_ROOT) $(ENTER) ctest --test-dir $(BUILD) --output-on-failure -L '^vm-(media|long)$$' -V -j $(JOBS)

check-reproducible: iso ## Build the image twice under different conditions and compare bit for bit
	@$(AS_ROOT) $(ENTER) tests/image/reproducible

check-disks: iso build ## Every crash state, leftover, look-alike, I/O fault and switched-off guard (hours)
	@tests/check-disks

check-network: iso build ## The network on the virtual rack: every fault of a switch, an installation, names that stay
	@$(AS_ROOT) $(ENTER) ctest --test-dir $(BUILD) --output-on-failure -L rack -V

check-lab: iso build ## Three nodes on the virtual rack become a cluster; a machine moves, and outlives its node
	@$(AS_ROOT) tests/lab/check.py

check-lab-faults: iso build ## A virtual machine that moves; a node taken out and installed again; first boots killed at each step and switched off
	@$(AS_ROOT) $(ENTER) ctest --test-dir $(BUILD) --output-on-failure -L '^lab-faults$$' -V

lab: iso build ## A cluster of three virtual machines from the image, which stays (out/bin/bedplate lab down ends it)
	@$(AS_ROOT) tests/lab/up

drills: iso build ## Every drill once on that cluster: nodes killed, hung, cut off, disks broken; docs/drills.md gets the table (hours)
	@$(AS_ROOT) tests/lab/drills

bench: iso build ## Measure against floors of the same run; the table is printed (docs/benchmarks.md keeps one)
	@$(AS_ROOT) tests/bench/run

lint: build ## clang-format, clang-tidy, shellcheck, codespell, JSON Schema of every profile
	@$(ENTER) tests/lint/lint.sh

format: buildroot ## Format the C++ files in place
	@$(ENTER) tests/lint/lint.sh --format

shell: buildroot ## A shell inside the build root
	@$(ENTER) bash

clean: ## Remove build/ and out/ (the user's cache stays)
	@$(AS_ROOT) rm -rf build out
