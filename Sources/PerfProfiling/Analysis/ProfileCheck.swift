package import HostSystem

/// How far a profile can be trusted, and what would make the next one better. The document `toolbox.perf.check/1`.
package struct ProfileCheck: Encodable, Sendable {
  package let schema = "toolbox.perf.check/1"
  /// The event whose weights the shares are of.
  package let event: String
  package private(set) var checks: [Finding] = []
  /// Objects with nameless code, the heaviest first.
  package private(set) var objects: [Object] = []

  package enum Verdict: String, Encodable, Sendable, CaseIterable {
    case ok, warn, fail
  }

  package struct Finding: Encodable, Sendable {
    /// Unique; never changes its meaning.
    package let id: String
    package let title: String
    package let verdict: Verdict
    package let found: String
    package let meaning: String
    /// The one line that mends it.
    @Nullable package var fix: String?
  }

  /// An object in which time was spent in code without a name.
  package struct Object: Encodable, Sendable {
    package let name: String
    /// Of the whole weight, in percent: samples whose innermost frame is nameless and in it.
    package let ownPercent: Double
    /// Of the whole weight, in percent: samples with any nameless frame in it.
    package let totalPercent: Double
    /// What became of its symbols.
    package let found: String
    @Nullable package var fix: String?
  }

  /// - Parameters:
  ///   - event: the place of the event to look at.
  ///   - system: whose words to mend things with.
  ///   - isText: whether the profile comes from text, in which nothing was looked up.
  /// - Throws: where the words that were compiled in are incomplete.
  package init(_ profile: Profile, event: Int, system: OSRelease, isText: Bool) throws {
    let words = try CheckWords(system: system)
    let measures = Measures(profile, event: event, roots: words.roots)
    self.event = profile.events.indices.contains(event) ? profile.events[event].name : ""
    let languages = words.languages.filter { language in
      profile.frames.frames.contains { frame in
        frame.object.map { fileName($0).hasPrefix(language.object) } ?? false
      }
    }
    let accounting = profile.accounting
    try judgeSamples(measures.samples, words)
    if !isText {
      let lost = share(of: accounting.lost, in: accounting.lost &+ accounting.samplesIn)
      try add(
        "lost", lost, accounting.lost == 0 ? "none" : "\(accounting.lost) samples, \(percent(lost)) % of all", words)
      try add(
        "throttled", accounting.throttled > 0 ? .warn : .ok,
        accounting.throttled == 0 ? "never" : accounting.throttled == 1 ? "once" : "\(accounting.throttled) times",
        words)
    }
    try add(
      "stacks", measures.share(measures.callerless),
      "\(percent(measures.share(measures.callerless))) % of the weight has no caller", words)
    let depth = profile.origin.maximumDepth ?? 127
    try add(
      "truncated", measures.share(measures.cut(at: depth)),
      "\(percent(measures.share(measures.cut(at: depth)))) % of the weight has \(depth) frames, as many as are noted at most",
      words)
    let stacksMend = languages.first { !$0.stacks.isEmpty }.map { "\($0.name): \($0.stacks)" }
    try add(
      "roots", measures.withCallers == 0 ? 0 : share(of: measures.rootless, in: measures.withCallers),
      measures.withCallers == 0
        ? "no stack with callers"
        : "\(percent(share(of: measures.rootless, in: measures.withCallers))) % of the weight with callers begins elsewhere",
      words, otherFix: stacksMend)
    try add(
      "unknown", measures.share(measures.nameless),
      "\(percent(measures.share(measures.nameless))) % of the weight is in code without a name", words)
    try judgeObjects(profile, measures, words, languages, isText: isText)
  }

  private mutating func judgeSamples(_ samples: Int, _ words: CheckWords) throws {
    let verdict: Verdict =
      Double(samples) < words.limit(.fail, of: "samples") ?? 0
      ? .fail : Double(samples) < words.limit(.warn, of: "samples") ?? 0 ? .warn : .ok
    // Twice the standard deviation of a share of one sample in ten.
    let noise = samples == 0 ? 100 : 200 * (0.1 * 0.9 / Double(samples)).squareRoot()
    try add("samples", verdict, samples == 1 ? "1 sample" : "\(samples) samples", words, ["share": percent(noise)])
  }

  private mutating func judgeObjects(
    _ profile: Profile, _ measures: Measures, _ words: CheckWords, _ languages: [CheckWords.Language], isText: Bool
  ) throws {
    var known: [String: CodeObject] = [:]
    for object in profile.objects where known[object.name] == nil { known[object.name] = object }
    var exported: UInt64 = 0
    for (name, weight) in measures.ownByObject {
      if case .exportedOnly = known[name]?.symbols { exported.add(weight) }
    }
    if !isText {
      try add(
        "exported", measures.share(exported), "\(percent(measures.share(exported))) % of the weight is in such objects",
        words)
    }
    for (name, sums) in measures.namelessByObject.sorted(by: {
      ($1.value.own, $1.value.total, $0.key) < ($0.value.own, $0.value.total, $1.key)
    }) {
      let object = known[name]
      let word = isText ? "text" : Self.word(for: object, name: name)
      var mend = try words.object(word, ["path": name, "build": object?.buildID ?? "?"])
      if word == "no-map", let language = languages.first(where: { !$0.map.isEmpty }) {
        mend.fix = "\(language.name): \(language.map)"
      }
      if case .unreadable(let reason) = object?.symbols { mend.found = reason }
      objects.append(
        Object(
          name: name, ownPercent: rounded(measures.share(sums.own)), totalPercent: rounded(measures.share(sums.total)),
          found: mend.found, fix: mend.fix))
    }
  }

  private static func word(for object: CodeObject?, name: String) -> String {
    if name == "[unknown]" { return "unmapped" }
    if name.hasPrefix("[kernel") || name.hasPrefix("[guest.kernel") { return "kernel" }
    switch object?.symbols {
    case .exportedOnly: return "exported-only"
    case .stripped, .found: return "stripped"
    case .otherBuild: return "other-build"
    case .unreadable: return "unreadable"
    case .noMap: return "no-map"
    case .absent: return "absent"
    case nil: return name.hasPrefix("//anon") || name.hasPrefix("[") ? "no-map" : "absent"
    }
  }

  private mutating func add(
    _ id: String, _ share: Double, _ found: String, _ words: CheckWords, otherFix: String? = nil
  ) throws {
    let verdict: Verdict =
      share >= words.limit(.fail, of: id) ?? .infinity
      ? .fail : share >= words.limit(.warn, of: id) ?? .infinity ? .warn : .ok
    try add(id, verdict, found, words, otherFix: otherFix)
  }

  private mutating func add(
    _ id: String, _ verdict: Verdict, _ found: String, _ words: CheckWords, _ values: [String: String] = [:],
    otherFix: String? = nil
  ) throws {
    let said = try words.state(verdict, of: id, values)
    checks.append(
      Finding(
        id: id, title: try words.title(of: id), verdict: verdict, found: found, meaning: said.meaning,
        fix: verdict == .ok ? nil : otherFix ?? said.fix))
  }
}

/// Sums of weights that the check is made of.
private struct Measures {
  var samples = 0
  var whole: UInt64 = 0
  /// Of samples with fewer than two frames.
  var callerless: UInt64 = 0
  /// Of samples with callers in a program.
  var withCallers: UInt64 = 0
  /// Of these, the ones whose outermost function is not where threads begin.
  var rootless: UInt64 = 0
  /// Of samples whose innermost frame has no name.
  var nameless: UInt64 = 0
  var ownByObject: [String: UInt64] = [:]
  var namelessByObject: [String: (own: UInt64, total: UInt64)] = [:]
  private var byDepth: [Int: UInt64] = [:]

  init(_ profile: Profile, event: Int, roots: Set<String>) {
    let place = UInt16(truncatingIfNeeded: event)
    var weights = [UInt64](repeating: 0, count: profile.stacks.count)
    for index in profile.samples.events.indices where profile.samples.events[index] == place {
      samples += 1
      weights[Int(profile.samples.stacks[index])].add(profile.samples.weights[index])
      whole.add(profile.samples.weights[index])
    }
    callerless.add(weights.first ?? 0)
    for stack in weights.indices.dropFirst() where weights[stack] > 0 { take(stack, weights[stack], profile, roots) }
  }

  private mutating func take(_ stack: Int, _ weight: UInt64, _ profile: Profile, _ roots: Set<String>) {
    var depth = 0
    var current = stack
    var outermost = stack
    var met: Set<String> = []
    while current != 0 {
      let frame = profile.frames[profile.stacks.frames[current]]
      if frame.kind != .inlined, frame.kind != .label { depth += 1 }
      if frame.name == nil {
        let object = frame.object ?? "[unknown]"
        if current == stack { namelessByObject[object, default: (0, 0)].own.add(weight) }
        if met.insert(object).inserted { namelessByObject[object, default: (0, 0)].total.add(weight) }
      }
      outermost = current
      current = Int(profile.stacks.parents[current])
    }
    let innermost = profile.frames[profile.stacks.frames[stack]]
    if innermost.name == nil { nameless.add(weight) }
    if let object = innermost.object { ownByObject[object, default: 0].add(weight) }
    byDepth[depth, default: 0].add(weight)
    if depth < 2 { callerless.add(weight) } else { judgeRoot(outermost, weight, profile, roots) }
  }

  private mutating func judgeRoot(_ outermost: Int, _ weight: UInt64, _ profile: Profile, _ roots: Set<String>) {
    withCallers.add(weight)
    let root = profile.frames[profile.stacks.frames[outermost]]
    if root.kind == .label { return }
    // A stack of the kernel alone is whole where it begins at an entry of the kernel; these are too many to list.
    if root.kind == .kernel || root.kind == .guestKernel { return }
    // Versions of symbols, as clone@@GLIBC_2.2.5.
    let name = root.name.map { String($0.prefix { $0 != "@" }) }
    if name.map(roots.contains) != true { rootless.add(weight) }
  }

  func cut(at depth: Int) -> UInt64 {
    byDepth.reduce(into: UInt64(0)) { sum, entry in if entry.key >= depth { sum.add(entry.value) } }
  }

  func share(_ part: UInt64) -> Double { PerfProfiling.share(of: part, in: whole) }
}

/// In percent.
func share(of part: UInt64, in whole: UInt64) -> Double { whole == 0 ? 0 : 100 * Double(part) / Double(whole) }

func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

/// With one digit behind the point, more where it would be zero.
private func percent(_ value: Double) -> String {
  let tenths = (value * 10).rounded() / 10
  if tenths == 0, value > 0 { return String((value * 1000).rounded() / 1000) }
  return tenths == tenths.rounded() ? String(Int(tenths)) : String(tenths)
}

private func fileName(_ path: String) -> Substring { path.split(separator: "/").last ?? path[...] }
