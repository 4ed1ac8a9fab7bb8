# Two commands from nothing: `make demo` and `make test`. Both make .venv and build the wheel when their inputs changed.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# cmake looks for ninja there, and the environment has it.
export PATH := $(CURDIR)/$(BIN):$(PATH)
OUT ?= build/demo
TRAINER ?= mllib
# The bindings are in no preset: where it counts, a warning in them stops the wheel. A user's newer compiler may warn.
WHEEL_FLAGS := $(if $(CI),-C cmake.define.HFT_WERROR=ON)
SOURCES := pyproject.toml CMakeLists.txt README.md $(shell find cmake cpp python -type f -not -path '*/__pycache__/*' -not -name '*.so')

.PHONY: help demo test test-cpp test-python lint sanitize fuzz-targets fuzz fuzz-nightly prove-nightly bench stubs clean

help:  ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-13s %s\n", $$1, $$2}'

demo: $(VENV)/.demo  ## events to report, from nothing; DATA=<folder> for real data, TRAINER=lightgbm for no Java
	@$(BIN)/hftcore demo --out $(OUT) --trainer $(TRAINER) $(if $(DATA),--data "$(DATA)")

test: test-cpp sanitize lint test-python  ## everything, from nothing

test-cpp: $(VENV)/.test  ## C++ unit tests
	@tools/check_host cpp-tests
	cmake --workflow --preset dev

# By Clang where it is there: GCC takes 1.6 times as long to compile them.
sanitize: $(VENV)/.test  ## C++ unit tests under address, undefined-behaviour and thread sanitizers
	@tools/check_host cpp-tests
	cmake --workflow --preset $$(tools/check_host fuzz 2>/dev/null && echo fuzz || echo asan)
	cmake --workflow --preset tsan

lint: $(VENV)/.test  ## line lengths, ruff, mypy, import contract
	@tools/check_lines
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test-python: $(VENV)/.test  ## Python tests
	$(BIN)/python -m pytest

# In the tree of `sanitize`: what that has built is not built again.
fuzz-targets: $(VENV)/.test
	@tools/check_host fuzz
	cmake --preset fuzz
	cmake --build --preset fuzz --target fuzz_targets

fuzz: fuzz-targets  ## fuzz every decoder, a million inputs each (needs clang++)
	tools/run_fuzz 1000000

fuzz-nightly: fuzz-targets  ## the same with a hundred million inputs each
	SEED=0 tools/run_fuzz 100000000

prove-nightly: $(VENV)/.test  ## every engine against the reference on ten million rows; ARTIFACT=<model> for one of yours
	$(BIN)/python bench/python/prove_forests.py --rows 10000000 $(if $(ARTIFACT),--artifact "$(ARTIFACT)")
	$(if $(ARTIFACT),,$(BIN)/python bench/spark/models.py --rows 1000000)

bench: $(VENV)/.test  ## benchmarks beside their rivals
	@tools/check_host cpp-bench
	cmake --workflow --preset bench
	$(BIN)/python bench/run.py

stubs: $(VENV)/.test  ## regenerate the type stubs of the compiled core
	$(BIN)/python tools/make_stubs.py python/hftcore/_core

clean:  ## remove what was built, keep the environment
	rm -rf build dist

$(VENV)/bin/python:
	@tools/check_host build "$(PYTHON)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

dist/.wheel: $(VENV)/bin/python $(SOURCES)
	@echo "building the wheel"
	rm -f dist/*.whl
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist $(WHEEL_FLAGS) .
	@touch $@

# The wheel is installed by path with its extras; a second install of the same version needs --force-reinstall.
define install
	$(BIN)/python -m pip install --quiet "$$(ls -t dist/hftcore-*.whl | head -1)[$(1)$$(tools/check_host java || echo ,java)]"
	$(BIN)/python -m pip install --quiet --no-deps --force-reinstall "$$(ls -t dist/hftcore-*.whl | head -1)"
	@touch $@
endef

$(VENV)/.demo: dist/.wheel
	@echo "installing hftcore with Spark and the trainers"
	$(call install,all)

$(VENV)/.test: dist/.wheel
	@echo "installing hftcore with everything the tests need"
	$(call install,all$(comma)test)
	@touch $(VENV)/.demo

comma := ,
