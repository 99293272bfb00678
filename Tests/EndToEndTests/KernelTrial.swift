import Foundation
import GRDB
import Glibc
import TestSupport
import Testing

/// A database of one test, the feed that fills it, and the program that a watch runs for every event.
///
/// Two states of the feed lie 10 days apart. From one to the other a release of 6.1 came and went unseen, two releases are
/// new, and 6.19 has ended: four events.
final class KernelTrial: Sendable {
  let directory: TemporaryDirectory
  let server: ScriptedServer
  var database: String { directory("kernel.sqlite") }
  var hook: String { directory("hook") }

  static let before = feed([
    ("mainline", "7.1-rc2", "2026-05-03"), ("stable", "7.0.4", "2026-05-07"),
    ("stable", "6.19.14", "2026-04-27"), ("longterm", "6.1.170", "2026-04-30"),
  ])

  static let after = feed(
    [
      ("mainline", "7.1-rc3", "2026-05-10"), ("stable", "7.0.4", "2026-05-07"),
      ("stable", "6.19.14", "2026-04-27"), ("longterm", "6.1.172", "2026-05-08"),
    ], ended: ["6.19.14"])

  /// The ids of what happened between the two, in the order of the log.
  static let news = [
    "skipped:6.1:6.1.172", "release:6.1:6.1.172", "release:7.1:7.1-rc3", "end_of_life:6.19:6.19.14",
  ]

  /// A made-up `releases.json`.
  /// - Parameters:
  ///   - ended: versions whose series is at its end.
  ///   - latestStable: what the feed calls so; nil where it says nothing of it.
  static func feed(
    _ rows: [(moniker: String, version: String, day: String)], ended: Set<String> = [], latestStable: String? = "7.0.4"
  ) -> String {
    let items = rows.map {
      #"{"moniker":"\#($0.moniker)","version":"\#($0.version)","iseol":\#(ended.contains($0.version)),"#
        + #""released":{"isodate":"\#($0.day)"}}"#
    }
    let latest = latestStable.map { #","latest_stable":{"version":"\#($0)"}"# } ?? ""
    return #"{"releases":[\#(items.joined(separator: ","))]\#(latest)}"#
  }

  /// The feed as it was, then as it is from then on, each with its tag.
  static let twoStates: [ScriptedServer.Answer] = [
    .status(200, text: before).tagged("\"1\""), .status(200, text: after).tagged("\"2\""),
  ]

  /// - Parameter script: the answers; the last one is given again and again.
  init(_ script: [ScriptedServer.Answer] = KernelTrial.twoStates) throws {
    directory = try TemporaryDirectory()
    server = try ScriptedServer(script, repeatsLast: true)
    try write(hook: "printf '%s\\n' \"$TOOLBOX_ID\" >> \"${0%/*}/taken\"")
  }

  /// Puts another program in the place of the hook.
  func write(hook lines: String) throws {
    try directory.write("hook", text: "#!/bin/sh\n" + lines + "\n")
    chmod(hook, 0o755)
  }

  /// The arguments of a subcommand on this database.
  func arguments(_ command: [String]) -> [String] { ["kernel"] + command + ["--database", database] }

  /// The arguments of one round of a watch.
  var watch: [String] { arguments(["watch", "--once", "--feed", server.address()]) }

  @discardableResult
  func run(_ command: String...) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(arguments(command))
  }

  @discardableResult
  func fetch(_ more: String...) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(arguments(["fetch", "--feed", server.address()] + more))
  }

  @discardableResult
  func watchOnce(_ more: String...) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(watch + more)
  }

  /// The log as the program prints it, without the moments of observation.
  func log() async throws -> [JSONValue] {
    let outcome = try await run("events", "--json")
    #expect(outcome.status == 0)
    return try Self.events(outcome.output)
  }

  /// The ids of the log, in its order.
  func logged() async throws -> [String] { try await log().compactMap { $0["id"]?.string } }

  /// The events of lines, without the moments of observation.
  static func events(_ lines: String) throws -> [JSONValue] {
    try lines.split(separator: "\n").map { line in
      guard case .object(var members) = try JSONValue(parsing: String(line)) else { return .null }
      members["observed"] = nil
      return .object(members)
    }
  }

  /// The ids of events that were printed as lines; a line that a kill has cut is none.
  static func ids(_ lines: String) -> [String] {
    lines.split(separator: "\n").compactMap { (try? JSONValue(parsing: String($0)))?["id"]?.string }
  }

  /// The ids that the hook was given, in order.
  func taken() -> [String] {
    let bytes = FileManager.default.contents(atPath: directory("taken")) ?? Data()
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// What SQLite itself finds wrong with the file; `ok` for nothing.
  func integrity() throws -> String {
    try inspect { try String.fetchOne($0, sql: "PRAGMA integrity_check") ?? "nothing" }
  }

  /// Looks into the database from outside.
  func inspect<Result>(_ work: (Database) throws -> Result) throws -> Result {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    let queue = try DatabaseQueue(path: database, configuration: configuration)
    defer { try? queue.close() }
    return try queue.read(work)
  }

  // MARK: A program that runs meanwhile

  /// A run of the program that the test goes on beside.
  struct Running: Sendable {
    let task: Task<ToolboxProcess.Outcome, any Error>
    let pid: pid_t
  }

  /// Starts the program and gives its process id.
  /// - Parameter redirection: of its output, in the words of sh.
  func start(_ arguments: [String], redirection: String = "") async throws -> Running {
    let note = directory("pid-\(UUID().uuidString)")
    let task = Task {
      try await ToolboxProcess.run(
        path: "/bin/sh",
        ["-c", "echo $$ > \"$0.new\" && mv \"$0.new\" \"$0\" && exec \"$@\" \(redirection)", note, ToolboxProcess.path]
          + arguments)
    }
    var pid: pid_t?
    try await Self.wait(for: "the start of the program") {
      pid = FileManager.default.contents(atPath: note).flatMap {
        pid_t(String(decoding: $0, as: UTF8.self).filter(\.isNumber))
      }
      return pid != nil
    }
    return Running(task: task, pid: try #require(pid))
  }

  struct TookTooLong: Error, CustomStringConvertible {
    let description: String
  }

  /// Looks again and again until something is so, for half a minute at most.
  static func wait(for what: String, _ isSo: () throws -> Bool) async throws {
    for _ in 0..<1500 {
      if try isSo() { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw TookTooLong(description: "waited in vain for \(what)")
  }

  static func isAlive(_ pid: pid_t) -> Bool {
    guard let state = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return false }
    // What nobody has waited for yet is dead all the same.
    return !String(decoding: state, as: UTF8.self).contains(") Z ")
  }
}
