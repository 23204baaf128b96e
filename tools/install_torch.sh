#!/usr/bin/env bash
# tools/install_torch.sh VENV: torch without CUDA, where there is no NVIDIA GPU.
# PyPI's torch brings gigabytes of CUDA libraries. Where PyTorch's own index cannot be reached
# this does nothing, and the installation that follows takes what pip finds.
set -euo pipefail
cd "$(dirname "$0")/.."
pip=$1/bin/pip

if [ -e /dev/nvidiactl ] || "$pip" show -q torch 2>/dev/null; then exit 0; fi
echo "installing torch (CPU build)" >&2
"$pip" install -q --no-deps --retries 0 --timeout 20 -c constraints.txt \
    --index-url https://download.pytorch.org/whl/cpu torch >/dev/null 2>&1 || true
