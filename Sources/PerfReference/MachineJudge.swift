import Glibc
import HostSystem
package import PerfProbes

/// Holds the needs of recipes against what was probed.
package struct MachineJudge: Sendable {
  private let facts: PerfFacts
  private let words: DoctorWords

  package init(_ facts: PerfFacts, _ words: DoctorWords) {
    self.facts = facts
    self.words = words
  }

  /// The version of the perf that is installed; nil where there is none or it does not say.
  package var perfVersion: Need.Version? {
    PerfBinary.release(of: facts.perf?.version ?? "").map { Need.Version(major: $0.major, minor: $0.minor) }
  }

  /// Why a recipe cannot run here, in one line; nil where it can.
  package func obstacle(to recipe: Recipe) throws(RecipeError) -> String? {
    guard let perf = facts.perf else { return try words.reason("perf") }
    if let complaint = perf.complaint { return try words.reason("perf-broken").filled(["what": complaint]) }
    for need in recipe.needs {
      if let reason = try obstacle(to: need) { return reason }
    }
    return nil
  }

  /// The first recipe that can run in the place of one that cannot; nil where none is named that does.
  package func alternative(to recipe: Recipe, in book: RecipeBook) throws(RecipeError) -> Recipe? {
    var seen: Set<String> = [recipe.id]
    var next = recipe.instead
    while let id = next, seen.insert(id).inserted, let candidate = try book.recipe(id) {
      if try obstacle(to: candidate) == nil { return candidate }
      next = candidate.instead
    }
    return nil
  }

  /// Why a need is not met; nil where it is.
  package func obstacle(to need: Need) throws(RecipeError) -> String? {
    switch need {
    case .facility(let facility): try obstacle(to: facility)
    case .kernel(let version): try tooOld(facts.kernelRelease, version, "kernel")
    case .perf(let version): try tooOld(facts.perf?.version ?? "", version, "perf-version")
    }
  }

  private func tooOld(_ found: String, _ wanted: Need.Version, _ reason: String) throws(RecipeError) -> String? {
    // A version that cannot be read is no proof of anything.
    guard let release = PerfBinary.release(of: found) else { return nil }
    let version = Need.Version(major: release.major, minor: release.minor)
    return version < wanted ? try words.reason(reason).filled(["found": found]) : nil
  }

  private func obstacle(to facility: Need.Facility) throws(RecipeError) -> String? {
    let events = facts.events
    switch facility {
    case .ownUser: return try refused(events.ownUser, facility)
    case .ownKernel: return try refused(events.ownKernel, facility)
    case .systemWide: return try refused(events.systemWide, facility)
    case .tracepoints:
      guard let code = events.tracepoint else { return try words.reason("tracefs") }
      return try refused(code, facility)
    case .tracefs: return try unless(facts.tracing.isReadable, "tracefs")
    case .kprobes:
      if let reason = try unless(facts.tracing.hasKprobes, "kprobes") { return reason }
      return try unless(facts.userID == 0, "probes-root")
    case .uprobes:
      if let reason = try unless(facts.tracing.hasUprobes, "uprobes") { return reason }
      return try unless(facts.userID == 0, "probes-root")
    case .pmu: return try refused(events.hardware, facility)
    case .branchStack: return try refused(events.branches, facility)
    case .memoryEvents: return try unless(facts.hardware.samplesMemory, "mem-events")
    case .uncore: return try unless(!facts.hardware.uncoreSources.isEmpty, "uncore")
    case .cgroup: return try refused(events.cgroup ?? ENOENT, facility)
    case .bpf: return try unless(facts.perf?.hasBPFSkeletons != false, "bpf")
    case .ftrace:
      if let missing = facts.tracing.missingFtraceFile {
        return try words.reason("ftrace").filled(["error": "no \(missing)"])
      }
      if !facts.tracing.tracers.contains("function") {
        return try words.reason("ftrace").filled(["error": "no function tracer"])
      }
      return try unless(facts.userID == 0, "ftrace-root")
    case .kvm: return try unless(facts.tracing.hasKVM, "kvm")
    case .debuginfoKernel: return try unless(facts.debugging.kernelImage != nil, "debuginfo-kernel")
    // That depends on the program, and without it the result is only poorer.
    case .debuginfoUser: return nil
    }
  }

  private func refused(_ code: Int32, _ facility: Need.Facility) throws(RecipeError) -> String? {
    // A perf with capabilities of its own may what the caller may not; that was not asked of the kernel.
    if code == EACCES || code == EPERM, facts.perf?.hasOwnRights == true { return nil }
    return code == 0 ? nil : try words.reason(facility.rawValue).filled(["error": String(cString: strerror(code))])
  }

  private func unless(_ isThere: Bool, _ reason: String) throws(RecipeError) -> String? {
    isThere ? nil : try words.reason(reason)
  }
}
