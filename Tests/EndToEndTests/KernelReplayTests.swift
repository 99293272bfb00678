import Foundation
import TestSupport
import Testing

/// Sixty days of feeds through the program itself, one run a file, against the table of releases.
@Suite struct KernelReplayTests {
  static let folder = "kernel/samples/replay-SYNTHETIC/2017-12_2018-02"

  private struct Day {
    let name: String
    let bytes: [UInt8]
    /// The versions that the file lists, linux-next left out.
    let versions: Set<String>
  }

  private func days() throws -> [Day] {
    let folder = try #require(SharedCases.path(Self.folder))
    return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { name in
      let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)))
      let rows = try JSONValue(parsing: String(decoding: bytes, as: UTF8.self))["releases"]?.elements ?? []
      let versions = rows.compactMap { $0["version"]?.string }.filter { !$0.hasPrefix("next-") }
      return Day(name: String(name.prefix(10)), bytes: bytes, versions: Set(versions))
    }
  }

  /// What the shipped table has behind the first day and up to the last, read here without the program.
  private func truth(_ first: String, _ last: String) throws -> Set<String> {
    let path = SharedCases.projectDirectory + "/Data/kernel/releases.tsv"
    let table = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    let rows = table.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { $0.split(separator: "\t") }
    return Set(
      rows.filter { $0.count > 1 && $0[1].prefix(10) > first && $0[1].prefix(10) <= last }.map { String($0[0]) })
  }

  /// Compares the log with the table and with the files, and prints what came out.
  /// - Parameter told: the ids that the run of each file printed, by the file's day; nil where runs do not say.
  private func check(_ log: [JSONValue], told: [String: [String]], _ days: [Day], by way: String) throws {
    let releases = log.filter { $0["event"]?.string == "release" }.compactMap { $0["version"]?.string }
      .filter { !$0.hasPrefix("next-") }
    let skipped = log.flatMap { $0["skipped"]?.elements ?? [] }.compactMap(\.string)
    let truth = try truth(days[0].name, days[days.count - 1].name)
    // The day of 4.15-rc4 is in no table, so no file shows it: that it was skipped can be concluded all the same.
    let unknownDay: Set = ["4.15-rc4"]
    let missing = truth.subtracting(releases + skipped)
    let extra = Set(releases + skipped).subtracting(truth)
    print(
      """
      replay through \(way): \(days.count) files, \(releases.count) release events, \(skipped.count) skipped \
      (\(skipped.joined(separator: " "))), truth \(truth.count), missing \(missing.count), extra \(extra.count) \
      (\(extra.sorted().joined(separator: " ")): skipped, its day is in no table)
      """)
    #expect(missing.isEmpty && extra == unknownDay)
    #expect(Set(releases).count == releases.count, "no release twice")
    #expect(Set(skipped).count == skipped.count && Set(releases).isDisjoint(with: skipped))
    let ids = log.compactMap { $0["id"]?.string }
    #expect(Set(ids).count == ids.count)
    // What else there was to tell, and no doubt among it: two series ended, and 4.14 became a longterm one.
    let others = log.filter { $0["event"]?.string != "release" }.compactMap { $0["id"]?.string }
    print("  besides: \(others.joined(separator: ", "))")
    #expect(
      others == [
        "vanished:3.10:3.10.108", "skipped:4.15:4.15-rc5", "vanished:4.13:4.13.16", "moniker:4.14:4.14.15:longterm",
      ])
    // Each release with the very file that is the first to list it.
    var known = days[0].versions
    for day in days.dropFirst() {
      let new = day.versions.subtracting(known)
      known.formUnion(new)
      let arrived = (told[day.name] ?? []).filter { $0.hasPrefix("release:") && !$0.contains(":next-") }
      #expect(Set(arrived.compactMap { $0.split(separator: ":").last.map(String.init) }) == new, "\(day.name)")
    }
    #expect(Set(releases) == known.subtracting(days[0].versions))
    #expect(told["2017-12-31"]?.contains("release:4.15:4.15-rc6") == true)
    let sixth = try #require(log.first { $0["id"]?.string == "release:4.15:4.15-rc6" })
    #expect(sixth["date"]?.string == "2017-12-31")
  }

  @Test(.enabled(if: SharedCases.isPresent(folder), "\(SharedCases.reason)"))
  func `watch, once for every file that a server has`() async throws {
    let days = try days()
    #expect(days.count == 60)
    let trial = try KernelTrial(days.map { .status(200, $0.bytes).tagged("\"\($0.name)\"") })
    var told: [String: [String]] = [:]
    for day in days {
      let outcome = try await trial.watchOnce("--json")
      #expect(outcome.status == 0)
      told[day.name] = KernelTrial.ids(outcome.output)
    }
    #expect(told[days[0].name] == [])
    let log = try await trial.log()
    // Every event is told by one run, in the order of the log.
    #expect(days.flatMap { told[$0.name] ?? [] } == log.compactMap { $0["id"]?.string })
    try check(log, told: told, days, by: "watch --once")
    #expect(try trial.integrity() == "ok")
  }

  @Test(.enabled(if: SharedCases.isPresent(folder), "\(SharedCases.reason)"))
  func `import, one file after another`() async throws {
    let days = try days()
    let trial = try KernelTrial([.status(599)])
    var told: [String: [String]] = [:]
    for day in days {
      let file = try trial.directory.write("\(day.name).json", day.bytes)
      let outcome = try await trial.run("import", file, "--json")
      #expect(outcome.status == 0)
      told[day.name] = KernelTrial.ids(outcome.output)
    }
    #expect(told[days[0].name] == [])
    try check(try await trial.log(), told: told, days, by: "import")
    #expect(trial.server.requests.isEmpty)
    #expect(try trial.integrity() == "ok")
  }
}
