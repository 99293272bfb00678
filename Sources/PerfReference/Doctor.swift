import Glibc
import HostSystem
package import PerfProbes

/// One thing that the doctor looked at.
package struct DoctorCheck: Sendable, Equatable {
  /// How it stands.
  package enum Verdict: String, Sendable, CaseIterable, Codable {
    /// As it should be.
    case ok
    /// Something works less well, or not at all, that people can do without.
    case warn
    /// Something that matters is off.
    case fail
    /// There was nothing to look at.
    case skip
  }

  /// Unique; never changes its meaning.
  package let id: String
  package let title: String
  /// Where was looked.
  package let probed: String
  package let verdict: Verdict
  /// What was found there.
  package let found: String
  /// What that means for somebody who measures.
  package let meaning: String
  /// The one line that mends it; nil where nothing has to be mended.
  package let fix: String?
  /// Recipes that it keeps from running.
  package let recipes: [String]
}

/// Judges what was probed. A pure function of facts and words: nothing is looked at here.
package struct Doctor: Sendable {
  private let facts: PerfFacts
  private let words: DoctorWords
  private let book: RecipeBook

  package init(_ facts: PerfFacts, _ words: DoctorWords, book: RecipeBook) {
    self.facts = facts
    self.words = words
    self.book = book
  }

  /// What a check saw: the state that has the words, what was found, and values for the gaps of the words.
  private struct Observation {
    let state: String
    let found: String
    var values: [String: String] = [:]
    var recipes: [String] = []
    var kind: String?
  }

  /// All checks, in the order of the words.
  package func checks() throws(RecipeError) -> [DoctorCheck] {
    var result: [DoctorCheck] = []
    for id in words.checkIDs {
      guard let observation = try observation(of: id) else {
        throw .unknownValue(
          RecipePlace(file: "doctor.yaml"), key: "checks", found: id, expected: "a check that the program knows")
      }
      let values = observation.values.merging(commonValues) { own, _ in own }
      let head = try words.head(of: id)
      let state = try words.state(observation.state, of: id, on: facts.system, kind: observation.kind)
      result.append(
        DoctorCheck(
          id: id, title: head.title, probed: head.probed.filled(values), verdict: state.verdict,
          found: observation.found, meaning: state.meaning.filled(values), fix: state.fix?.filled(values),
          recipes: observation.recipes))
    }
    return result
  }

  private var commonValues: [String: String] {
    [
      "perf": facts.perf?.path ?? "perf", "kernel": facts.kernelRelease,
      "recording": facts.recording?.path ?? "perf.data", "user": "\(facts.userID)",
    ]
  }

  private func observation(of check: String) throws(RecipeError) -> Observation? {
    switch check {
    case "perf-binary": perfBinary
    case "paranoid": paranoid
    case "capabilities": capabilities
    case "kernel-symbols": kernelSymbols
    case "pmu": try pmu()
    case "container": container
    case "locked-memory": lockedMemory
    case "open-files": openFiles
    case "sampling": sampling
    case "tracing": try tracing()
    case "perf-build": try perfBuild()
    case "addr2line": addr2line
    case "symbols": symbols
    case "stacks": stacks
    case "jit": jit
    case "lost-data": lostData
    case "size": size
    case "recording": recording
    case "nmi-watchdog": nmiWatchdog
    case "events": events
    default: nil
    }
  }

  // MARK: Rights

  private var perfBinary: Observation {
    guard let perf = facts.perf else { return Observation(state: "missing", found: "no perf in PATH") }
    let kind = perf.isWrapper ? " (a script)" : ""
    if let complaint = perf.complaint {
      return Observation(state: "broken", found: "\(perf.path)\(kind) says: \(complaint)")
    }
    let found = "perf \(perf.version ?? "?") at \(perf.path)\(kind), kernel \(facts.kernelRelease)"
    // The one that comes first in PATH was asked first and stands among the others only where it did not work.
    guard let first = facts.otherPerfs.first, first.hasSuffix("/perf"), !perf.path.hasSuffix("/bin/perf"),
      first.hasSuffix("/bin/perf")
    else { return Observation(state: "works", found: found) }
    let folder = perf.path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    return Observation(state: "elsewhere", found: "\(first) does not work; \(found)", values: ["folder": folder])
  }

  private func text(_ code: Int32) -> String { code == 0 ? "yes" : String(cString: strerror(code)) }

  private var paranoid: Observation {
    let events = facts.events
    let level = facts.settings.paranoid.map(String.init) ?? "unknown"
    let found =
      "level \(level); own code: \(text(events.ownUser)); kernel: \(text(events.ownKernel)); "
      + "CPU 0: \(text(events.systemWide))"
    let state =
      if events.systemWide == 0, events.ownKernel == 0 {
        "all"
      } else if events.ownKernel == 0 {
        "own"
      } else if events.ownUser == 0 {
        "user"
      } else if events.ownUser == ENOSYS {
        facts.container.isFiltered ? "filtered" : "absent"
      } else {
        events.ownUser == EPERM && facts.container.isFiltered ? "filtered" : "closed"
      }
    return Observation(state: state, found: found)
  }

  private var capabilities: Observation {
    let all = Capabilities.Name.allCases
    // CAP_SYS_ADMIN holds what CAP_PERFMON does, and is no loss where that is there.
    let missing = all.filter { name in
      !facts.capabilities.has(name)
        && !(name == .perfmon && facts.capabilities.has(.sysAdmin))
        && !(name == .sysAdmin && facts.capabilities.has(.perfmon))
    }
    if missing.isEmpty { return Observation(state: "all", found: all.map(\.text).joined(separator: ", ")) }
    let found = "missing: " + missing.map(\.text).joined(separator: ", ")
    let isAllowed = facts.events.systemWide == 0 && facts.showsKernelAddresses == true
    return Observation(state: isAllowed ? "enough" : "lacking", found: found)
  }

  private var kernelSymbols: Observation {
    let level = "kernel.kptr_restrict \(facts.settings.kptrRestrict.map(String.init) ?? "unknown")"
    return switch facts.showsKernelAddresses {
    case true?: Observation(state: "shown", found: "addresses are shown; \(level)")
    case false?: Observation(state: "hidden", found: "addresses are zero; \(level)")
    case nil: Observation(state: "unreadable", found: "/proc/kallsyms cannot be read; \(level)")
    }
  }

  private func pmu() throws(RecipeError) -> Observation {
    let hardware = facts.hardware
    let code = facts.events.hardware
    let sources = hardware.coreSources.isEmpty ? "no source" : hardware.coreSources.joined(separator: ", ")
    let found = "cycles: \(text(code)); \(sources)\(hardware.isVirtual ? "; a hypervisor is below" : "")"
    if code == 0 { return Observation(state: "present", found: found) }
    if code == EACCES || code == EPERM || code == ENOSYS { return Observation(state: "forbidden", found: found) }
    var lost: [Recipe] = []
    for recipe in try book.recipes() where recipe.needs.contains(.facility(.pmu)) { lost.append(recipe) }
    return Observation(
      state: hardware.isVirtual ? "virtual" : "absent", found: found,
      values: ["lost": "\(lost.count)", "instead": "\(lost.count { $0.instead != nil })"], recipes: lost.map(\.id))
  }

  private var container: Observation {
    let isBlocked = facts.events.ownUser == EPERM || facts.events.ownUser == ENOSYS
    let filter = facts.container.isFiltered ? "system calls are filtered" : "system calls are not filtered"
    guard let kind = facts.container.kind else {
      return Observation(
        state: isBlocked && facts.container.isFiltered ? "filtered" : "none", found: "no container; \(filter)")
    }
    return Observation(state: isBlocked ? "blocked" : "open", found: "\(kind); \(filter)", kind: kind)
  }

  // MARK: Limits

  private var lockedMemory: Observation {
    let kib = facts.settings.mlockKiB.map { "\($0) KiB a CPU" } ?? "unknown"
    let limit = facts.limits.lockedBytes.map { "\($0 / 1024) KiB" } ?? "unlimited"
    let code = facts.events.buffer
    let found = "512 KiB: \(text(code)); perf_event_mlock_kb: \(kib); RLIMIT_MEMLOCK: \(limit)"
    if facts.events.ownUser != 0 { return Observation(state: "unknown", found: found) }
    let values = ["need": "more than \((facts.settings.mlockKiB ?? 516) * facts.cpuCount) KiB"]
    return Observation(state: code == 0 ? "enough" : "short", found: found, values: values)
  }

  /// What `perf stat -e 'syscalls:*'` opens on each CPU: about as many tracepoints as there are, with room to spare.
  private static let mostEvents = 700

  private var openFiles: Observation {
    let need = Self.mostEvents * facts.cpuCount + 64
    guard let limit = facts.limits.openFiles else { return Observation(state: "enough", found: "unlimited") }
    return Observation(
      state: limit >= need ? "enough" : "short", found: "\(limit), \(facts.cpuCount) CPUs", values: ["need": "\(need)"])
  }

  /// The rate that perf record asks for where nobody says.
  private static let usualRate = 4000

  private var sampling: Observation {
    guard let rate = facts.settings.maxSampleRate else {
      return Observation(state: "unknown", found: "no perf_event_max_sample_rate")
    }
    let depth = facts.settings.maxStack ?? 127
    let percent = facts.settings.cpuTimeMaxPercent.map { "\($0) %" } ?? "unknown"
    return Observation(
      state: rate >= Self.usualRate ? "enough" : "lowered",
      found: "\(rate) a second, at most \(percent) of a CPU's time, \(depth) frames",
      values: ["rate": "\(rate)", "depth": "\(depth)"])
  }

  private func tracing() throws(RecipeError) -> Observation {
    let tracing = facts.tracing
    let place = tracing.mountPoint ?? "not mounted (perf mounts it itself)"
    if facts.settings.lockdown == "confidentiality" {
      return Observation(state: "locked", found: "tracefs: \(place); lockdown: confidentiality")
    }
    guard tracing.isReadable, let code = facts.events.tracepoint else {
      return Observation(state: "unreadable", found: "tracefs: \(tracing.mountPoint ?? "not mounted")")
    }
    var missing: [(what: String, option: String)] = []
    if !tracing.hasKprobes { missing.append(("probes on the kernel", "CONFIG_KPROBE_EVENTS")) }
    if !tracing.hasUprobes { missing.append(("probes on programs", "CONFIG_UPROBE_EVENTS")) }
    if tracing.missingFtraceFile != nil {
      missing.append(("the function graph tracer", "CONFIG_FUNCTION_GRAPH_TRACER"))
    }
    let found = "tracefs: \(place), \(tracing.subsystemCount) subsystems; sched:sched_switch: \(text(code))"
    if code != 0 { return Observation(state: "refused", found: found) }
    if missing.isEmpty { return Observation(state: "all", found: found) }
    let judge = MachineJudge(facts, words)
    var lost: [String] = []
    let affected: [Need] = [.facility(.kprobes), .facility(.uprobes), .facility(.ftrace)]
    var unmet: [Need] = []
    for need in affected where try judge.obstacle(to: need) != nil { unmet.append(need) }
    for recipe in try book.recipes() where recipe.needs.contains(where: unmet.contains) { lost.append(recipe.id) }
    return Observation(
      state: "partly", found: found,
      values: [
        "missing": missing.map(\.what).joined(separator: ", "),
        "options": missing.map { $0.option + "=y" }.joined(separator: " "),
      ], recipes: lost)
  }

  // MARK: perf itself

  private func perfBuild() throws(RecipeError) -> Observation {
    guard let perf = facts.perf, perf.complaint == nil else { return Observation(state: "unknown", found: "no perf") }
    var features = perf.features
    if let has = perf.hasBPFSkeletons { features["bpf_skeletons"] = has }
    let off = features.filter { !$0.value }.map(\.key).sorted()
    // An option that this version does not list says nothing.
    let costs = words.features.filter { feature in
      let known = feature.names.compactMap { features[$0] }
      return !known.isEmpty && !known.contains(true)
    }
    let found = off.isEmpty ? "everything that it lists" : "off: " + off.joined(separator: ", ")
    if costs.isEmpty { return Observation(state: "all", found: found) }
    var lost: [String] = []
    if perf.hasBPFSkeletons == false {
      for recipe in try book.recipes() where recipe.needs.contains(.facility(.bpf)) { lost.append(recipe.id) }
    }
    return Observation(
      state: "lacks", found: found, values: ["missing": costs.map(\.missing).joined(separator: "; ")], recipes: lost)
  }

  private var addr2line: Observation {
    guard let perf = facts.perf, let version = perf.version, let release = perf.release else {
      return Observation(state: "unknown", found: "no perf")
    }
    let hasReader = perf.features["libbfd"] == true || perf.features["libllvm"] == true
    let found = "perf \(version), libbfd \(perf.features["libbfd"].map { $0 ? "on" : "off" } ?? "unknown")"
    if hasReader { return Observation(state: "fast", found: found) }
    return Observation(state: (release.major, release.minor) < (5, 16) ? "slow" : "external", found: found)
  }

  private var symbols: Observation {
    let debugging = facts.debugging
    let count = debugging.debugFileCount >= 1000 ? "1000 or more" : "\(debugging.debugFileCount)"
    let stale = facts.processes?.stale ?? []
    let servers = debugging.servers.isEmpty ? "none" : debugging.servers.joined(separator: ", ")
    let found = "\(count) debug files; servers: \(servers); kernel: \(debugging.kernelImage ?? "none")"
    if let first = stale.first {
      return Observation(
        state: "stale", found: found,
        values: [
          "count": stale.count == 1 ? "1 process" : "\(stale.count) processes",
          "example": "\(first.pid) with \(first.object)",
        ])
    }
    return Observation(
      state: debugging.debugFileCount == 0 && debugging.servers.isEmpty ? "none" : "found", found: found)
  }

  private var stacks: Observation {
    let system = facts.system
    let unwinds = facts.perf.map { perf in
      perf.features["libunwind"] == true || perf.features["libdw-dwarf-unwind"] == true
        || perf.features["libdw"] == true
    }
    let found =
      "\(system.name); perf unwinds copies of stacks: " + (unwinds.map { $0 ? "yes" : "no" } ?? "unknown")
    if let since = words.framePointers(since: system.id), isAtLeast(system.versionID ?? "", since) {
      return Observation(state: "pointers", found: found)
    }
    return Observation(state: unwinds == false ? "neither" : "unwound", found: found)
  }

  private func isAtLeast(_ version: String, _ since: String) -> Bool {
    let numbers = (version.split(separator: "."), since.split(separator: "."))
    for index in 0..<max(numbers.0.count, numbers.1.count) {
      let left = index < numbers.0.count ? Int(numbers.0[index]) ?? 0 : 0
      let right = index < numbers.1.count ? Int(numbers.1[index]) ?? 0 : 0
      if left != right { return left > right }
    }
    return true
  }

  private var jit: Observation {
    let all = facts.processes?.runtimes ?? []
    let unmapped = all.filter { !$0.hasMap }
    let looked = "\(facts.processes?.count ?? 0) processes looked at"
    if all.isEmpty { return Observation(state: "none", found: looked) }
    guard let first = unmapped.first else {
      return Observation(state: "mapped", found: "\(looked), \(all.count) of such programs")
    }
    let shown = unmapped.prefix(5).map { "\($0.program) \($0.pid)" }.joined(separator: ", ")
    let how = words.runtimes.first { first.program.hasPrefix($0.program) }?.how ?? ""
    return Observation(
      state: "unmapped", found: "\(looked), \(unmapped.count) without a map", values: ["processes": shown, "how": how])
  }

  // MARK: The recording

  private var lostData: Observation {
    guard let recording = facts.recording else { return nothing }
    if let why = recording.unread { return Observation(state: "unread", found: recording.path, values: ["why": why]) }
    // Of what is no recording there is nothing to count; the check of the recording says so.
    guard [.file, .pipe].contains(recording.form) else { return nothing }
    let found = "\(recording.samples) samples, \(recording.lost) lost, throttled \(recording.throttled) times"
    if recording.lost == 0, recording.throttled == 0 { return Observation(state: "none", found: found) }
    let total = recording.samples + recording.lost
    let tenths = total > 0 ? (recording.lost * 1000 + total / 2) / total : 0
    return Observation(state: "lost", found: found, values: ["share": "\(tenths / 10).\(tenths % 10) %"])
  }

  private var size: Observation {
    guard let free = facts.freeBytes else { return Observation(state: "unknown", found: "free bytes are not known") }
    func estimate(_ sample: Int) -> Int {
      RecordingEstimate(rate: 99, cpus: facts.cpuCount, seconds: 60, bytesPerSample: sample).bytes
    }
    let fp = estimate(RecordingEstimate.SampleSize.framePointers)
    let dwarf = estimate(RecordingEstimate.SampleSize.stackCopy + RecordingEstimate.SampleSize.aroundStackCopy)
    return Observation(
      state: free / 2 > dwarf ? "enough" : "short",
      found: "\(mebibytes(free)) free, \(facts.cpuCount) CPUs",
      values: ["fp": mebibytes(fp), "dwarf": mebibytes(dwarf)])
  }

  private func mebibytes(_ bytes: Int) -> String {
    bytes < 10 << 20 ? "\(max(1, bytes >> 10)) KiB" : "\(bytes >> 20) MiB"
  }

  private var nothing: Observation { Observation(state: "nothing", found: "no perf.data in this directory") }

  /// The largest entry of the event table that released perfs know: an attribute of 136 bytes and its ids.
  private static let largestEntry = 152

  private var recording: Observation {
    guard let recording = facts.recording else { return nothing }
    let found = "\(recording.path), \(recording.sizeBytes) bytes"
    let state =
      switch recording.form {
      case .file, .pipe:
        if recording.entrySize > Self.largestEntry {
          "newer"
        } else if facts.userID != 0, recording.ownerID != facts.userID, recording.ownerID != 0 {
          "owner"
        } else {
          "whole"
        }
      case .foreignOrder: "foreign"
      case .unfinished: "unfinished"
      case .cut: "cut"
      case .other: "other"
      }
    return Observation(state: state, found: found)
  }

  private var nmiWatchdog: Observation {
    let value = "kernel.nmi_watchdog \(facts.settings.nmiWatchdog.map(String.init) ?? "unknown")"
    if facts.events.hardware != 0 { return Observation(state: "without", found: value) }
    return Observation(state: facts.settings.nmiWatchdog == 1 ? "taken" : "free", found: value)
  }

  private var events: Observation {
    guard let recording = facts.recording, recording.eventCount > 0 else { return nothing }
    let found = "\(recording.eventCount) events, \(recording.frequencyCount) of them at a frequency"
    if recording.eventCount > 1 { return Observation(state: "several", found: found) }
    return Observation(state: recording.frequencyCount == 1 ? "one" : "period", found: found)
  }
}

/// The doctor's findings for programs: `toolbox.perf.doctor/1`.
package struct DoctorDocument: Encodable, Sendable {
  /// The name and version of the form, for readers.
  package let schema = "toolbox.perf.doctor/1"
  let checks: [Item]

  struct Item: Encodable, Sendable {
    let id: String
    let title: String
    let probed: String
    let verdict: String
    let found: String
    let meaning: String
    @Nullable var fix: String?
    let recipes: [String]
  }

  package init(_ checks: [DoctorCheck]) {
    self.checks = checks.map { check in
      Item(
        id: check.id, title: check.title, probed: check.probed, verdict: check.verdict.rawValue, found: check.found,
        meaning: check.meaning, fix: check.fix, recipes: check.recipes)
    }
  }
}
