import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// Every recipe against the perf that is installed: what can run here runs for a moment, what cannot is at least understood
/// by perf's own parser of options. So no recipe can rot.
@Suite(.serialized) struct PerfTruthTests {
  private static let perf = InstalledPerf.path

  private struct Recipe: Sendable {
    let id: String
    let group: String
    let isRunnable: Bool
    let placeholders: [(name: String, type: String)]
  }

  /// What goes into a gap for a moment's run; nil takes the default.
  private static func value(
    _ name: String, _ type: String, of recipe: String, group: String, standIn: pid_t
  ) -> String? {
    switch (type, name) {
    // The probes of whoever uses this machine stay.
    case ("event", _) where recipe == "probe-delete": "toolbox_test:*"
    case ("pid", _), ("tid", _): "\(standIn)"
    case ("duration", "interval"), ("duration", "delay"): "1"
    case ("duration", _): "0.1"
    case ("cgroup", _): "/"
    case ("interval", _): "100"
    case ("output", _): "\(recipe).out"
    case ("file", "file") where group == "scheduler": "sched.data"
    case ("symbol", _): "main"
    case ("library", _): libc
    case ("path", "program"): perf
    case ("path", "folder"): "."
    case ("count", "line"): "1"
    case ("variable", "variable"): "size"
    case ("event", _) where group == "static-tracing": "sched:sched_switch"
    default: nil
    }
  }

  /// The C library of this machine's architecture, where Debian puts it.
  private static let libc: String? = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []
    return names.filter { $0.contains("-linux-gnu") }.map { "/usr/lib/\($0)/libc.so.6" }
      .first { FileManager.default.fileExists(atPath: $0) }
  }()

  /// What perf says when there was nothing to work on, as in a directory without probes and a machine without guests.
  private static let nothingToDo = [
    "does not hit any event", "doesn't hit any", "not found any", "no samples", "has no", "no symbol", "zero-sized",
    "is not found", "Failed to find symbol", "No kvm", "is already", "without debug", "Couldn't annotate",
    "not have any", "no build-id", "Debuginfo", "debuginfo",
  ]

  /// What only one recipe may end with.
  private static let exceptions = [
    // Debian builds its C library without static probes.
    "probe-usdt": "Failed to add events"
  ]

  /// What perf says when it does not understand a command line, whatever the machine lacks.
  private static let misunderstandings = [
    "unknown option", "unknown switch", "is not a perf-command", "requires a value", "takes no value",
    "ambiguous option", "expects a numerical value",
  ]

  private static func recipes() async throws -> [Recipe] {
    let list = try await ToolboxProcess.run(["perf", "list", "--json"])
    return try #require(try JSONValue(parsing: list.output)["recipes"]).elements.map { recipe in
      Recipe(
        id: recipe["id"]?.string ?? "", group: recipe["group"]?.string ?? "",
        isRunnable: recipe["runnable"] == .bool(true),
        placeholders: (recipe["placeholders"]?.elements ?? []).map {
          ($0["name"]?.string ?? "", $0["type"]?.string ?? "")
        }
      )
    }
  }

  @Test(.enabled(if: InstalledPerf.obstacle == nil, "\(InstalledPerf.obstacle ?? "")"), .timeLimit(.minutes(10)))
  func `every recipe that can run here runs, and perf understands the others`() async throws {
    let perf = Self.perf
    let version = try await ToolboxProcess.run(path: perf, ["--version"]).output.prefix { $0 != "\n" }
    var standIn: pid_t = 0
    let sleep: [String] = ["/bin/sleep", "600"]
    var arguments = sleep.map { strdup($0) } + [nil]
    defer { for pointer in arguments { free(pointer) } }
    try #require(posix_spawn(&standIn, "/bin/sleep", nil, nil, &arguments, environ) == 0)
    defer {
      kill(standIn, SIGKILL)
      waitpid(standIn, nil, 0)
    }
    let recipes = try await Self.recipes()
    let groups = Array(Set(recipes.map(\.group))).sorted()
    let process = standIn
    // perf waits more than it works, so several groups go at once; the recipes of one share a directory, one after the other.
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for (index, group) in groups.enumerated() {
        if index >= 5 { try await tasks.next() }
        tasks.addTask { try await Self.run(recipes.filter { $0.group == group }, standIn: process) }
      }
      try await tasks.waitForAll()
    }
    print("the recipes against \(version):")
    for group in groups {
      let members = recipes.filter { $0.group == group }
      let runnable = members.count { $0.isRunnable }
      print("  \(group): \(runnable) ran, \(members.count - runnable) cannot run here and were read by perf's parser")
    }
    let runnable = recipes.count { $0.isRunnable }
    print("  all: \(runnable) ran, \(recipes.count - runnable) were read")
  }

  private static func run(_ recipes: [Recipe], standIn: pid_t) async throws {
    let directory = try TemporaryDirectory()
    // A cache would get hard links to objects of the systems that other tests hold against their earlier state.
    try directory.write(".perfconfig", text: "[buildid]\n\tdir = /dev/null\n")
    try directory.write("perfconfig", text: "[session-x]\nrun = -F 1 -e cpu-clock -a\n")
    func shell(_ command: String) async throws -> ToolboxProcess.Outcome {
      try await ToolboxProcess.run(
        path: "/bin/sh", ["-c", command], environment: ["HOME": directory.path, "TERM": "dumb"],
        workingDirectory: directory.path)
    }
    let made = try await shell(
      """
      \(perf) record -q -F 99 -e cpu-clock -a -g -o perf.data -- sleep 0.1 >/dev/null 2>&1 &&
      cp perf.data perf.data.old && \(perf) sched record -q -o sched.data -a -- sleep 0.1 >/dev/null 2>&1
      """)
    #expect(made.status == 0, "no recording could be made for \(recipes.first?.group ?? "?")")
    for recipe in recipes {
      var words = [recipe.id]
      var command: [String] = []
      for (name, type) in recipe.placeholders {
        if type == "command" { command = ["--", "sleep", "0.1"] }
        if let value = value(name, type, of: recipe.id, group: recipe.group, standIn: standIn) {
          words.append("\(name)=\(value)")
        }
      }
      let dry = try await ToolboxProcess.run(["perf", "run", "--dry-run"] + words + command)
      #expect(dry.status == 0, "\(recipe.id): \(dry.errors)")
      let line = dry.output.dropLast()
      // What runs until somebody ends it is ended; 124 and 137 say that this was done.
      let outcome = try await shell(
        "timeout -s INT -k 2 3 \(line) </dev/null >output 2>&1; echo $? >status; head -c 100000 output")
      let said = outcome.output
      let status = String(decoding: FileManager.default.contents(atPath: directory("status")) ?? Data(), as: UTF8.self)
      for phrase in misunderstandings where said.contains(phrase) {
        Issue.record("\(recipe.id): perf does not understand \(line): \(said.prefix(300))")
      }
      if recipe.isRunnable {
        let isWell =
          ["0\n", "124\n", "130\n", "137\n"].contains(status) || nothingToDo.contains { said.contains($0) }
          || exceptions[recipe.id].map { said.contains($0) } == true
        #expect(isWell, "\(recipe.id): \(line) ended with \(status.dropLast()): \(said.prefix(300))")
      }
      if recipe.group == "dynamic-tracing" {
        _ = try await shell("\(perf) probe --del 'probe_libc:*' >/dev/null 2>&1; true")
      }
    }
  }
}
