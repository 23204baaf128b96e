#!/usr/bin/env bash
# The whole chain, small: layout -> rendered faces -> other layout -> networks -> comparison.
# Everything lands in out/demo; run again, it keeps what is whole and goes on.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"

out=out/demo
faces=${DEMO_FACES:-2000}
samples=${DEMO_SAMPLES:-12000}
workers=$(nproc)
began=$SECONDS

step() {
    printf '\n[%3d s] dlm %s\n' $((SECONDS - began)) "$*"
    dlm "$@"
}

step doctor
step render --spec 68 --n "$faces" --size 128 --workers "$workers" -o "$out/faces_68"
step relabel "$out/faces_68" --spec 243 -o "$out/faces_243"
step data view "$out/faces_243" -o "$out/faces_243.png"
step compare --specs 68,243 --data "$out/faces_68" --samples "$samples" --width 64 -o "$out/compare"

cat <<END

Done in $((SECONDS - began)) s.
  faces    $PWD/$out/faces_243.png
  report   $PWD/$out/compare/report.html
Next, the same on photos with iBUG-68 labels (a folder of .jpg or .png with .pts beside each):
  . .venv/bin/activate
  dlm compare --specs 68,243 --data $out/faces_68 --real 300w:PATH -o out/compare_real
END
