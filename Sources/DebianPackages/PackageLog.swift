/// What dpkg's and apt's logs tell of packages that are no longer there.
package struct PackageLog: Sendable {
  /// The last removal of a package.
  package struct Removal: Sendable, Equatable {
    /// `YYYY-MM-DD HH:MM:SS` in the machine's own time, as the log has it.
    package let time: String
    package let version: String
  }

  /// The last word of the logs on each package, by name; a package that came back later is not here.
  package private(set) var removals: [String: Removal] = [:]

  package init() {}

  /// Takes in one file of dpkg's log; files go in from the oldest to the newest.
  ///
  /// Lines are `DATE TIME ACTION PACKAGE:ARCH INSTALLED AVAILABLE`; `remove` and `purge` take away, `install` brings back.
  /// Source: dpkg(1), LOGGING. Lines of another form are passed over: a log is evidence, not a record.
  package mutating func take(dpkgLog bytes: UnsafeBufferPointer<UInt8>) {
    for line in bytes.split(separator: 0x0A) {
      // "2026-01-02 03:04:05 ": the action stands at byte 20.
      guard line.count > 28 else { continue }
      let action = line[line.startIndex + 20]
      guard action == 0x72 || action == 0x70 || action == 0x69 || action == 0x75 else { continue }
      let words = line.split(separator: 0x20, maxSplits: 5).map { String(decoding: $0, as: UTF8.self) }
      guard words.count >= 5, words[0].utf8.count == 10, words[1].utf8.count == 8 else { continue }
      let name = words[3].split(separator: ":").first.map(String.init) ?? words[3]
      switch words[2] {
      case "remove": removals[name] = Removal(time: "\(words[0]) \(words[1])", version: words[4])
      case "purge" where removals[name] == nil && words[4] != "<none>":
        removals[name] = Removal(time: "\(words[0]) \(words[1])", version: words[4])
      case "install", "upgrade": removals[name] = nil
      default: continue
      }
    }
  }
}
