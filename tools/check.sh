#!/usr/bin/env bash
# Lint, format and types. Says which failed, and runs them all. (tests/test_imports.py holds the
# import rule.)
set -uo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.venv/bin
failed=()

run() {
    local name=$1
    shift
    printf '== %s\n' "$name"
    "$@" || failed+=("$name")
}

# The packages stand at the top of the checkout and are imported as dlm.*: a folder of symlinks
# shows that to tools which read files instead of importing them.
types=$PWD/.venv/types
rm -rf "$types" && mkdir -p "$types/dlm"
for entry in dlm/*; do ln -s "$PWD/$entry" "$types/dlm/"; done
for package in landmark_specs datasets generator train; do ln -s "$PWD/$package" "$types/dlm/"; done

run "ruff check" "$bin/ruff" check .
run "ruff format" "$bin/ruff" format --check .
run "mypy --strict" env MYPYPATH="$types" "$bin/mypy" -p dlm

if [ ${#failed[@]} -gt 0 ]; then
    printf 'failed: %s\n' "${failed[*]}" >&2
    exit 1
fi
echo "all checks passed"
