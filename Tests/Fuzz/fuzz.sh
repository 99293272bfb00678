#!/bin/sh
# Runs every fuzz target for FUZZ_SECONDS (20), or those that are named; `make fuzz` builds the program first.
# Ends non-zero when an input crashes a reader, breaks one of its laws, or takes too much time or memory.
set -eu

program=.build/fuzz/toolbox-fuzz
sources=Tests/Fuzz
corpora=.build/fuzz/corpus
found=.build/fuzz/found
seconds=${FUZZ_SECONDS:-20}

[ $# -gt 0 ] || set -- "$sources"/Seeds/*
mkdir -p "$found"
# Swift's own crash handler would go on for minutes. Leaks are looked for by nobody here: readers of files end soon.
export SWIFT_BACKTRACE=enable=no
export ASAN_OPTIONS=detect_leaks=0
failures=0
for target; do
  target=${target##*/}
  # A target is known to the program by the name that it is called under.
  ln -sf "${program##*/}" "${program%/*}/$target"
  mkdir -p "$corpora/$target"
  log=$found/$target.log
  printf '%-16s ' "$target"
  if "${program%/*}/$target" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -max_len=16384 -print_final_stats=1 \
    -dict="$sources/fuzz.dict" -artifact_prefix="$found/$target-" "$corpora/$target" "$sources/Seeds/$target" 2>"$log"; then
    awk '/ cov: / { coverage = $4; features = $6 } /number_of_executed_units/ { runs = $2 }
      END { print runs " runs, " coverage " edges, " features " features" }' "$log"
  else
    failures=$((failures + 1))
    echo 'FAILED'
    grep -E 'Fatal error|ERROR: |Test unit written' "$log" >&2 || tail -n 5 "$log" >&2
    echo "toolbox: to see it again: SWIFT_BACKTRACE=enable=no ${program%/*}/$target FILE; its words are in $log" >&2
  fi
done
[ "$failures" = 0 ] || { echo "toolbox: $failures of $# targets failed; the inputs are in $found" >&2; exit 1; }
