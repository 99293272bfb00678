#!/bin/sh
# Runs the tests (the words are the command) and tells at the end, by area, what passed, failed and was skipped, and how long it took.
# The areas' tables go into .build/test-report.txt, too.
set -u

cd "$(dirname "$0")/.." || exit 1
report=.build/test-report.txt
results=.build/tests.xml
log=.build/tests.log
rm -f .build/tests*.xml "$log" "$report"
begin=$(date +%s)

# The status of the tests, not that of tee.
status_file=.build/tests.status
{ "$@" --xunit-output "$results" 2>&1; echo $? > "$status_file"; } | tee "$log"
status=$(cat "$status_file")
rm -f "$status_file"
all=$(($(date +%s) - begin))

found=.build/tests-swift-testing.xml
[ -e "$found" ] || found=$results
{
  echo
  awk -v all="$all" '
    function area(class) {
      if (class !~ /^EndToEndTests\./) return "unit"
      sub(/^EndToEndTests\./, "", class)
      if (class ~ /^(Reset|Package|Systemd)/) return "roots"
      if (class ~ /^(Kernel|Network|Nginx)/) return "feeds"
      if (class ~ /^(FlameGraph|PerfSheet)/) return "browser"
      if (class ~ /^(Perf|Profile)/) return "profiles"
      return "program"
    }
    function attribute(name,   text) {
      if (!match($0, name "=\"[^\"]*\"")) return ""
      text = substr($0, RSTART, RLENGTH)
      return substr(text, length(name) + 3, length(text) - length(name) - 3)
    }
    # A time is that of one test; tests run side by side, so an area takes less than their sum.
    /<testcase / {
      where = area(attribute("classname")); ran[where]++; seconds[where] += attribute("time")
      sum += attribute("time")
    }
    /<failure/ { failed[where]++ }
    /<skipped/ { skipped[where]++ }
    END {
      print "Tests by area               passed  failed  skipped  share of the time"
      split("unit program roots feeds profiles browser", order, " ")
      split("cores and readers|the command line, manuals|real systems and packages|real and scripted servers|perf and perf.data|headless browser", what, "|")
      for (i = 1; i <= 6; i++) {
        where = order[i]; total += ran[where]
        printf "%-8s  %-24s  %4d  %6d  %7d  %6.1f %%\n", where, what[i], ran[where] - failed[where] - skipped[where], \
          failed[where], skipped[where], sum ? 100 * seconds[where] / sum : 0
      }
      printf "%d tests in %d min %02d s\n", total, all / 60, all % 60
    }' "$found" 2>/dev/null || echo 'no tests ran'
  # A skip has its reason, in the words of the test or of the library.
  if grep -qE 'skipped' "$log"; then
    echo 'Skipped:'
    sed -nE -e 's/^[^A-Za-z]*(Test|Suite) (.*) skipped: (.*)$/  \2: \3/p' -e 's/^(.*: )?skipped: (.*)$/  \1\2/p' "$log" | sort -u
  else
    echo 'Nothing was skipped.'
  fi
} | tee "$report"
exit "$status"
