import Glibc
import HostSystem

/// What dpkg's and apt's logs tell of packages: when each came and went, and by whose command.
///
/// Logs are evidence, not a record: lines of another form are passed over, and a package that no log names is no error.
/// Packages are known by name; architectures are not told apart. Times are `YYYY-MM-DD HH:MM:SS` in the machine's own
/// time, as the logs have them.
package struct PackageLog: Sendable {
  /// The last removal of a package.
  package struct Removal: Sendable, Equatable {
    package let time: String
    package let version: String
    /// apt's command line; nil where only dpkg's log tells of it.
    package var command: String?
    /// The user who ran it, `name (id)`; nil where apt's log does not say.
    package var requestedBy: String?
  }

  /// A package's arrival.
  package struct Installation: Sendable, Equatable {
    package let time: String
    package let version: String
    /// apt's command line; nil where only dpkg's log tells of it.
    package var command: String?
    /// The user who ran it, `name (id)`; nil where apt's log does not say.
    package var requestedBy: String?
    /// Whether apt chose it because something else needs it; nil where apt's log does not tell.
    package var isAutomatic: Bool?
  }

  /// All that both logs tell of one package.
  package struct History: Sendable, Equatable {
    /// The first time that it came.
    package let firstInstalled: Installation?
    /// The last time that it came after having been away; of a package that never went, the first.
    package let installed: Installation?
    /// The last time that it went; nil for a package that is there.
    package let removed: Removal?
  }

  private var firstInstallations: [String: Installation] = [:]
  private var installations: [String: Installation] = [:]
  /// The last word of dpkg's log on each package; a package that came back later is not here.
  private var removed: [String: Removal] = [:]
  private var runs: [AptHistory] = []
  /// The runs of apt in which a package was installed, and those in which it was removed, oldest first.
  private var installingRuns: [String: [Int]] = [:]
  private var removingRuns: [String: [Int]] = [:]

  package init() {}

  /// The last removal of every package that did not come back later, by name.
  package var removals: [String: Removal] {
    var result = removed
    for name in removingRuns.keys where result[name] == nil {
      if let removal = history(of: name)?.removed { result[name] = removal }
    }
    for (name, removal) in removed { result[name] = signed(removal, name) }
    return result
  }

  /// What the logs tell of a package; nil when neither names it.
  package func history(of name: String) -> History? {
    let fromApt = (installingRuns[name] ?? []).map { installation(name, in: runs[$0]) }
    let first = earliest(firstInstallations[name].map { signed($0, name) }, fromApt.first)
    let last = latest(installations[name].map { signed($0, name) }, fromApt.last)
    var removal = removed[name].map { signed($0, name) }
    if removal == nil, let run = removingRuns[name]?.last.map({ runs[$0] }), installations[name] == nil,
      fromApt.last.map({ $0.time < run.start }) ?? true
    {
      // dpkg's log was rotated away, or never was.
      removal = Removal(
        time: run.start, version: run.removed[name] ?? "", command: run.command, requestedBy: run.requestedBy)
    }
    guard first != nil || last != nil || removal != nil else { return nil }
    return History(firstInstalled: first, installed: last, removed: removal)
  }

  private func earliest(_ left: Installation?, _ right: Installation?) -> Installation? {
    guard let left, let right else { return left ?? right }
    // Within one run dpkg's line is some seconds later and the more exact one.
    return right.time < left.time && left.command == nil ? right : left
  }

  private func latest(_ left: Installation?, _ right: Installation?) -> Installation? {
    guard let left, let right else { return left ?? right }
    return right.time > left.time ? right : left
  }

  private func installation(_ name: String, in run: AptHistory) -> Installation {
    let entry = run.installed[name]
    return Installation(
      time: run.start, version: entry?.version ?? "", command: run.command, requestedBy: run.requestedBy,
      isAutomatic: entry?.isAutomatic)
  }

  /// dpkg's word with the command of the run of apt that it happened in.
  private func signed(_ installation: Installation, _ name: String) -> Installation {
    guard let run = run(around: installation.time, among: installingRuns[name]) else { return installation }
    var result = installation
    result.command = run.command
    result.requestedBy = run.requestedBy
    result.isAutomatic = run.installed[name]?.isAutomatic
    return result
  }

  private func signed(_ removal: Removal, _ name: String) -> Removal {
    guard let run = run(around: removal.time, among: removingRuns[name]) else { return removal }
    var result = removal
    result.command = run.command
    result.requestedBy = run.requestedBy
    return result
  }

  private func run(around time: String, among indices: [Int]?) -> AptHistory? {
    indices?.lazy.reversed().map { runs[$0] }.first { $0.start <= time && ($0.end.map { time <= $0 } ?? true) }
  }

  // MARK: dpkg's log

  /// Takes in one file of dpkg's log; files go in from the oldest to the newest.
  ///
  /// Lines are `DATE TIME ACTION PACKAGE:ARCH INSTALLED AVAILABLE`; `remove` and `purge` take away, `install` brings back.
  /// Source: dpkg(1), LOGGING.
  package mutating func take(dpkgLog bytes: UnsafeBufferPointer<UInt8>) {
    guard let base = bytes.baseAddress else { return }
    var offset = 0
    while offset < bytes.count {
      let start = offset
      let newline = memchr(base + start, 0x0A, bytes.count - start)
      let end = newline.map { UnsafeRawPointer($0) - UnsafeRawPointer(base) } ?? bytes.count
      offset = end + 1
      // "2026-01-02 03:04:05 ": the action stands at byte 20.
      guard end - start > 28 else { continue }
      switch base[start + 20] {
      // r, p, i, and u for upgrade, which matters only for what is held for gone.
      case 0x72, 0x70, 0x69: take(dpkgLine: bytes[start..<end])
      case 0x75 where !removed.isEmpty: take(dpkgLine: bytes[start..<end])
      default: continue
      }
    }
  }

  private mutating func take(dpkgLine line: Slice<UnsafeBufferPointer<UInt8>>) {
    let words = line.split(separator: 0x20, maxSplits: 5).map { String(decoding: $0, as: UTF8.self) }
    guard words.count >= 5, words[0].utf8.count == 10, words[1].utf8.count == 8 else { return }
    let name = words[3].split(separator: ":").first.map(String.init) ?? words[3]
    let time = "\(words[0]) \(words[1])"
    switch words[2] {
    case "remove":
      removed[name] = Removal(time: time, version: words[4])
      installations[name] = nil
    case "purge" where removed[name] == nil && words[4] != "<none>":
      removed[name] = Removal(time: time, version: words[4])
      installations[name] = nil
    case "install":
      removed[name] = nil
      let version = words.count > 5 ? words[5].trimmingSpaces : words[4]
      let installation = Installation(time: time, version: version)
      if firstInstallations[name] == nil { firstInstallations[name] = installation }
      if installations[name] == nil { installations[name] = installation }
    case "upgrade": removed[name] = nil
    default: return
    }
  }

  // MARK: apt's log

  /// Takes in one file of apt's `history.log`; files go in from the oldest to the newest.
  package mutating func take(aptHistory bytes: UnsafeBufferPointer<UInt8>) {
    for run in AptHistory.parse(bytes) {
      let index = runs.count
      runs.append(run)
      for name in run.installed.keys { installingRuns[name, default: []].append(index) }
      for name in run.removed.keys { removingRuns[name, default: []].append(index) }
    }
  }

  /// The files of a log in the order in which they are taken in: the rotated ones from the oldest, then the current one.
  /// - Parameter names: the names of a directory.
  /// - Parameter log: the name of the current file (`dpkg.log`).
  package static func files(of log: String, among names: [String]) -> [String] {
    func age(_ name: String) -> Int? {
      if name == log { return 0 }
      guard name.hasPrefix(log + ".") else { return nil }
      let parts = name.dropFirst(log.count + 1).split(separator: ".", omittingEmptySubsequences: false)
      guard let number = parts.first.flatMap({ Int32($0) }), number >= 0, parts.count <= 2,
        parts.count == 1 || ["gz", "xz", "zst", "lz4"].contains(parts[1])
      else { return nil }
      return Int(number) + 1
    }
    return names.compactMap { name in age(name).map { (name, $0) } }
      .sorted { ($1.1, $0.0) < ($0.1, $1.0) }.map(\.0)
  }
}

/// One run of apt, as its `history.log` tells it.
package struct AptHistory: Sendable, Equatable {
  /// A package that came.
  package struct Installed: Sendable, Equatable {
    package let version: String
    /// Whether it came only because something else needs it.
    package let isAutomatic: Bool
  }

  /// `YYYY-MM-DD HH:MM:SS` in the machine's own time.
  package let start: String
  /// nil when the run was cut off.
  package let end: String?
  /// nil for a program that uses apt's library and sets none.
  package let command: String?
  /// `name (id)` of the user behind sudo or pkexec.
  package let requestedBy: String?
  /// By name; what was upgraded, downgraded or installed again is not in it.
  package let installed: [String: Installed]
  /// The versions that went, by name; removed and purged ones.
  package let removed: [String: String]

  /// Reads records of `Field: value` lines, separated by empty lines.
  ///
  /// Package lists are `name:arch (version[, automatic])`, joined by `, `; an upgrade has two versions. Whatever is cut or
  /// of another form is passed over; a record without `Start-Date` is none.
  package static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> [AptHistory] {
    var result: [AptHistory] = []
    var draft = Draft()
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      guard let first = line.first, first != 0x0D else {
        if let run = draft.finished { result.append(run) }
        draft = Draft()
        continue
      }
      guard let colon = line.firstIndex(of: 0x3A) else { continue }
      // The names of the lists that are not asked for are not even decoded.
      let value = line[(colon + 1)...]
      switch first {
      case 0x53: if isField(line[..<colon], "Start-Date") { draft.start = time(value) }
      case 0x45: if isField(line[..<colon], "End-Date") { draft.end = time(value) }
      case 0x43: if isField(line[..<colon], "Commandline") { draft.command = text(value) }
      case 0x49: if isField(line[..<colon], "Install") { draft.install(value) }
      case 0x50: if isField(line[..<colon], "Purge") { draft.remove(value) }
      case 0x52:
        if isField(line[..<colon], "Remove") {
          draft.remove(value)
        } else if isField(line[..<colon], "Requested-By") {
          draft.requestedBy = text(value)
        }
      default: continue
      }
    }
    if let run = draft.finished { result.append(run) }
    return result
  }

  private typealias Line = Slice<UnsafeBufferPointer<UInt8>>

  private static func isField(_ name: Line, _ wanted: StaticString) -> Bool {
    wanted.withUTF8Buffer { name.elementsEqual($0) }
  }

  private static func text(_ value: Line) -> String { String(decoding: value, as: UTF8.self).trimmingSpaces }

  /// Between date and time stand two blanks.
  private static func time(_ value: Line) -> String { text(value).words.joined(separator: " ") }

  private struct Draft {
    var start: String?
    var end: String?
    var command: String?
    var requestedBy: String?
    var installed: [String: Installed] = [:]
    var removed: [String: String] = [:]

    var finished: AptHistory? {
      start.map {
        AptHistory(
          start: $0, end: end, command: command, requestedBy: requestedBy, installed: installed, removed: removed)
      }
    }

    mutating func install(_ list: Line) {
      forEach(list) { name, version, rest in
        installed[name] = Installed(version: version, isAutomatic: Self.endsInAutomatic(rest))
      }
    }

    mutating func remove(_ list: Line) {
      forEach(list) { name, version, _ in removed[name] = version }
    }

    private static func endsInAutomatic(_ rest: Line) -> Bool {
      ", automatic".utf8.elementsEqual(rest)
    }

    /// - Parameter body: takes a name without architecture, the first word in its parentheses, and what follows it there.
    private func forEach(_ list: Line, _ body: (_ name: String, _ version: String, _ rest: Line) -> Void) {
      var rest = list
      while let open = rest.firstIndex(of: 0x28) {
        let head = rest[..<open].drop { $0 == 0x2C || $0 == 0x20 || $0 == 0x29 }
        let close = rest[open...].firstIndex(of: 0x29) ?? rest.endIndex
        let inside = rest[(open + 1)..<max(close, open + 1)]
        rest = rest[min(close + 1, rest.endIndex)...]
        let name = head.prefix { $0 != 0x3A && $0 != 0x20 }
        guard !name.isEmpty else { continue }
        let version = inside.prefix { $0 != 0x2C }
        body(
          String(decoding: name, as: UTF8.self), String(decoding: version, as: UTF8.self),
          inside[version.endIndex...])
      }
    }
  }
}
