#!/bin/sh
# record-profiles.sh DIRECTORY: makes the recordings that `make bench` reads, as root, with perf and compilers.
# Only the programs that are started here are recorded, so that what else runs changes nothing.
#   small.data    about 20 MB, compilers: deep stacks, many objects
#   large.data    about 70 MB, the same
#   shallow.data  about 100 MB, sort and a shell: few frames, few objects
# A recording that is there already is left alone.
set -eu

directory=$1
mkdir -p "$directory/work"
cd "$directory/work"

cat >many.cpp <<'END'
#include <algorithm>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>
int main(int count, char **words) {
  std::map<std::string, std::vector<int>> places;
  for (int i = 0; i < count; i++) places[words[i]].push_back(i);
  std::ostringstream text;
  for (auto &place : places) text << place.first << place.second.size();
  return std::regex_match(text.str(), std::regex("(a|b)+c?")) ? 0 : 1;
}
END
cat >many.swift <<'END'
struct Key: Hashable { var path: [Int]; var name: String }
func table(_ count: Int) -> [Key: Int] {
  var result: [Key: Int] = [:]
  for i in 0..<count { result[Key(path: [i, i * 2], name: "n\(i % 7)"), default: 0] += i }
  return result
}
print(table(5000).filter { $0.value % 3 == 0 }.map { $0.key.name }.sorted().joined())
END

# Two at once, over and over; perf ends them when it has enough.
cat >compile.sh <<'END'
trap 'kill $! 2>/dev/null; exit' TERM
while :; do
  g++ -O2 -c -o many.o many.cpp &
  if command -v swiftc >/dev/null; then swiftc -O -o many many.swift; else g++ -O3 -c -o other.o many.cpp; fi
  wait
done
END
cat >sort.sh <<'END'
seq 3000000 | awk '{ print ($1 * 7919) % 2999999 }' >numbers
(while :; do sort -n -o sorted numbers; done) &
trap 'kill $! 2>/dev/null; exit' TERM
i=0
while :; do i=$((i + 1)); done
END

record() {
  [ -s "$1" ] || perf record -q -F "$2" -g -e cpu-clock --max-size "$3" -o "$1.part" -- sh "$4" >/dev/null 2>&1 || :
  [ -s "$1" ] || mv "$1.part" "$1"
}
record ../small.data 12000 20M compile.sh
record ../large.data 12000 70M compile.sh
record ../shallow.data 20000 100M sort.sh
