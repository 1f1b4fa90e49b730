#!/usr/bin/env bash
# Builds the image of this commit, and tags it by version and by commit.
#
#   deploy/build-image.sh [name, such as registry.example.com/deskstream]
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1:-deskstream}
version=$(grep -m1 '"version"' package.json | cut -d'"' -f4)
commit=$(git rev-parse HEAD)
docker build --build-arg DESKSTREAM_COMMIT="$commit" --tag "$name:$version" --tag "$name:${commit:0:12}" .
echo "Built $name:$version and $name:${commit:0:12}"
