#!/bin/sh
# Runs the tests with coverage (the words are the Swift command and options of its test command) and prints the share of lines that they reach, module by module.
set -eu

cd "$(dirname "$0")/.."
swift=$1
shift
build=.build/coverage
status=0
"$swift" test --scratch-path "$build" --enable-code-coverage "$@" || status=$?
json=$("$swift" test --scratch-path "$build" --show-codecov-path)
profile=$(dirname "$json")/default.profdata
binary=$(find "$build/debug/" -maxdepth 1 -name '*PackageTests.xctest' | head -n 1)
[ -e "$profile" ] || { echo "coverage.sh: the tests left no profile at $profile" >&2; exit 1; }
llvm_cov=$(dirname "$(readlink -f "$(command -v "$swift")")")/llvm-cov
[ -x "$llvm_cov" ] || llvm_cov=llvm-cov

"$llvm_cov" export -format=lcov -instr-profile "$profile" "$binary" Sources | awk '
  /^SF:/ {
    module = $0; sub(/^.*\/Sources\//, "", module); sub(/\/.*$/, "", module)
  }
  /^LF:/ { lines[module] += substr($0, 4) }
  /^LH:/ { reached[module] += substr($0, 4) }
  END {
    for (module in lines) {
      printf "%-18s %6d of %6d lines  %5.1f %%\n", module, reached[module], lines[module], 100 * reached[module] / lines[module] | "sort"
      all += lines[module]; hit += reached[module]
    }
    close("sort")
    if (all) printf "%-18s %6d of %6d lines  %5.1f %%\n", "all", hit, all, 100 * hit / all
  }'
exit "$status"
