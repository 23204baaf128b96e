# Two commands do everything on a fresh Debian or Ubuntu machine:
#   make demo    the whole chain, small, into out/demo
#   make test    the default tests
# Each brings what is missing first (tools/setup.sh); a second start takes seconds.

SHELL := /bin/bash
BIN := .venv/bin
# PYTHONSAFEPATH: the folder ./datasets must not be found in place of Hugging Face's `datasets`.
# One thread a process: the tests run small things, and threads would fight.
TEST_ENV := PYTHONSAFEPATH=1 OMP_NUM_THREADS=1

.PHONY: help setup setup-dev demo test slow check format

help:
	@sed -n 's/^#   //p' Makefile
	@echo "make check   lint, format, types;  make format mends the first two"

setup:
	@tools/setup.sh

setup-dev:
	@tools/setup.sh dev

demo: setup
	@tools/demo.sh

test: setup-dev
	@$(TEST_ENV) $(BIN)/pytest

slow: setup-dev
	@$(TEST_ENV) $(BIN)/pytest -m slow

check: setup-dev
	@tools/check.sh

format: setup-dev
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .
