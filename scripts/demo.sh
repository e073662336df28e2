#!/bin/sh
# The main job on a reference spec: validate it, see one real finding, read the plan, get the objects.
set -eu
spec=configs/flash-pd-h200.yaml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "\$ deploy validate $spec"
deploy validate "$spec"

echo
echo "What 24 redundant experts would do (one line changed, redundant: 16 -> 24):"
cp -r configs "$work/configs"
sed 's/redundant: 16/redundant: 24/' "$spec" > "$work/configs/broken.yaml"
echo "\$ deploy validate broken.yaml"
if (cd "$work/configs" && deploy validate broken.yaml); then
  echo "the broken spec was accepted" >&2
  exit 1
fi

echo
echo "\$ deploy plan $spec"
deploy plan "$spec"

echo
echo "\$ deploy render $spec -o rendered"
deploy render "$spec" -o "$work/rendered"
(cd "$work/rendered" && grep -H '^kind:' ./*.yaml)
