# Meridian: what people do with this repository, one word each. The work is in scripts/.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help up down status test bench lint format doctor build fuzz

help: ## This list
	@echo 'Meridian – one container registry in many regions'
	@echo
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo '  STORE=local make up     stores in folders, where Ceph cannot be installed'
	@echo '  BUILD=release make up   optimised executables (a longer build)'

up: ## Three regions on this machine: install what is missing, build, start, push, replicate, pull
	@scripts/simulate up
	@scripts/demo

down: ## Stop everything that make up started
	@scripts/simulate down

status: ## What runs, and where
	@scripts/simulate status

test: ## All tests, with private servers of their own, then end to end on a fresh simulation
	@scripts/test

bench: ## The whole-system benchmark against Debian's docker-registry (release build)
	@scripts/install build services ceph balancer clients bench
	@Benchmarks/run

fuzz: ## Every parser under libFuzzer for 30 seconds each (scripts/fuzz --seconds N for longer)
	@scripts/fuzz

lint: ## swift-format (strict), shellcheck and the tidy tests
	@scripts/lint

format: ## Format all Swift code in place
	@scripts/format

doctor: ## What this machine has and lacks
	@scripts/doctor

build: ## Build the three executables
	@scripts/build
