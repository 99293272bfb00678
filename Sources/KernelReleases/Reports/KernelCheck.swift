import DebianPackages
import HostSystem

/// The judgement of `toolbox kernel check`: the document `toolbox.kernel.check/1`.
package struct KernelCheck: Sendable {
  /// What is judged.
  package let status: StatusDocument
  /// Everything that is to be said, the worst first; never empty.
  package let findings: [Finding]
  /// The conditions of the command line that hold.
  package let failed: [Condition]

  /// How a monitoring system takes a finding, the worst last.
  package enum Verdict: String, Sendable, Codable, Comparable, CaseIterable {
    case ok, unknown, warning, critical

    package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    private var rank: Int {
      switch self {
      case .ok: 0
      case .unknown: 1
      case .warning: 2
      case .critical: 3
      }
    }
  }

  /// One thing that was found.
  package struct Finding: Sendable, Equatable, Codable {
    /// A word for scripts.
    package let id: String
    /// How it is taken.
    package let verdict: Verdict
    /// The part of a sentence.
    package let message: String
  }

  /// What makes a check fail when it is asked for.
  package enum Condition: String, Sendable, Codable, CaseIterable {
    /// The series of the running kernel has ended, and its vendor does not go on with it.
    case endOfLife = "end-of-life"
    /// A newer release of the same series is out.
    case behind
    /// A newer kernel is installed than the one that runs.
    case reboot
  }

  /// From when on something is taken for bad, in days.
  package struct Thresholds: Sendable, Equatable {
    /// Behind by more than this is a warning.
    package var behindWarning = 30
    /// Behind by more than this is critical; nil where nothing is.
    package var behindCritical: Int?
    /// An end of life in fewer days is a warning.
    package var endWarning = 90

    package init() {}
  }

  /// Judges a status.
  /// - Parameter conditions: those that are asked for.
  package init(_ status: StatusDocument, thresholds: Thresholds = Thresholds(), conditions: [Condition] = []) {
    self.status = status
    var findings: [Finding] = []
    let standing = status.standing
    let vendor = status.machine.running?.vendor
    let hasOwnSupport = vendor?.hasOwnSupport ?? false
    if let series = standing.series, !hasOwnSupport {
      if series.hasEnded {
        findings.append(
          Finding(
            id: "end-of-life", verdict: .critical,
            message: "series \(series.name) has ended" + (series.isEarly ? "" : series.endDay.map { " (\($0))" } ?? "")
              + (series.successor.map { ", the next is \($0.version)" } ?? "")))
      } else if let left = series.daysLeft, left < thresholds.endWarning {
        findings.append(
          Finding(id: "end-near", verdict: .warning, message: "series \(series.name) ends in \(left) days"))
      }
    }
    findings += Self.distance(status, thresholds)
    if let series = standing.series, series.hasEnded, hasOwnSupport, standing.behind != nil {
      findings.append(
        Finding(
          id: "vendor-support", verdict: .unknown,
          message:
            "upstream's series \(series.name) has ended; whether \(vendor?.name ?? "") supports its own is not known here"
        ))
    }
    if status.machine.reboot.isRequired == true {
      findings.append(
        Finding(id: "reboot", verdict: .warning, message: "reboot needed: \(status.machine.reboot.reason)"))
    }
    if status.isStale {
      findings.append(
        Finding(
          id: "stale", verdict: .unknown,
          message: status.knowledge.fetched.map { "releases were last fetched \($0.time)" }
            ?? "releases were never fetched"))
    }
    self.findings = findings.enumerated().sorted { left, right in
      left.element.verdict == right.element.verdict
        ? left.offset < right.offset : left.element.verdict > right.element.verdict
    }.map(\.element)
    failed = Condition.allCases.filter { condition in
      guard conditions.contains(condition) else { return false }
      return switch condition {
      case .endOfLife: !hasOwnSupport && standing.series?.hasEnded ?? false
      case .behind: standing.behind.map { $0.releases > 0 } ?? false
      case .reboot: status.machine.reboot.isRequired == true
      }
    }
  }

  /// What is to be said of the way to the newest release.
  private static func distance(_ status: StatusDocument, _ thresholds: Thresholds) -> [Finding] {
    let running = status.machine.running
    let vendor = running?.vendor.name ?? ""
    switch status.standing.comparison {
    case .behind(let behind):
      let series = status.standing.series?.name ?? ""
      guard behind.releases > 0 else {
        return [Finding(id: "newest", verdict: .ok, message: "\(behind.newest.version) is the newest of \(series)")]
      }
      let days = behind.days ?? 0
      let verdict: Verdict =
        thresholds.behindCritical.map { days > $0 } ?? false
        ? .critical : days > thresholds.behindWarning ? .warning : .ok
      let distance = behind.days.map { " and \($0) days" } ?? ""
      return [
        Finding(
          id: "behind", verdict: verdict,
          message:
            "\(running?.upstreamText ?? "") is \(status.mayLag ? "at least " : "")\(behind.releases) release\(behind.releases == 1 ? "" : "s")\(distance) behind \(behind.newest.version)"
        )
      ]
    case .newerThanKnown:
      return [
        Finding(
          id: "newer-than-known", verdict: status.isStale ? .unknown : .ok,
          message: "\(running?.upstreamText ?? "") is newer than every release known here")
      ]
    case .ownBase(let base, _):
      return [
        Finding(
          id: "vendor-kernel", verdict: .unknown,
          message: "\(vendor) keeps a kernel of its own on \(base): no upstream release compares with it")
      ]
    case .onlySeries(let base):
      return [
        Finding(
          id: "series-only", verdict: .unknown, message: "\(vendor) tells only the series of its kernel: \(base)")
      ]
    case .nothing:
      return [
        Finding(
          id: "no-upstream", verdict: .unknown,
          message: running == nil
            ? status.machine.reboot.reason : "no upstream release is known for \(running?.release ?? "")")
      ]
    }
  }

  /// The worst of all findings; an unsure answer outweighs a good one alone.
  package var verdict: Verdict { findings.map(\.verdict).max() ?? .unknown }

  /// The findings in one line, with the best of them last.
  package var summary: String { findings.map(\.message).joined(separator: "; ").harmless }
}

extension KernelCheck: Encodable {
  package func encode(to encoder: any Encoder) throws {
    enum Keys: String, CodingKey {
      case schema, verdict, findings, failed, running, behind, series, rebootRequired, tracks, fetchedAt, stale
    }
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode("toolbox.kernel.check/1", forKey: .schema)
    try container.encode(verdict, forKey: .verdict)
    try container.encode(
      findings.map { Finding(id: $0.id, verdict: $0.verdict, message: $0.message.harmless) }, forKey: .findings)
    try container.encode(failed, forKey: .failed)
    try container.encode(RunningKernelObject(identity: status.machine.running), forKey: .running)
    try container.encode(status.standing.behind, forKey: .behind)
    try container.encode(status.standing.series, forKey: .series)
    try container.encode(status.machine.reboot.isRequired, forKey: .rebootRequired)
    try container.encode(status.tracks.filter { $0.newest != nil }, forKey: .tracks)
    try container.encode(status.knowledge.fetched?.time.description, forKey: .fetchedAt)
    try container.encode(status.isStale, forKey: .stale)
  }
}
