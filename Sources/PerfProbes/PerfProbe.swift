import CPerfEvent
import Glibc
package import HostSystem

/// Looks at the machine. Nothing is measured, mounted, written or changed.
package enum PerfProbe {
  /// How much is looked at.
  package enum Scope: Sendable {
    /// What decides whether commands can run.
    case commands
    /// Also what stands in the way of good results: processes, files, room.
    case everything(watchedPrograms: [String], recording: String?)
  }

  /// All facts of the running machine.
  /// - Parameter perf: the path of the perf that is meant; nil looks for it.
  /// - Throws: ``FileError`` when a recording was named that cannot be read.
  package static func live(
    _ scope: Scope, perf: String? = nil, environment: [String: String], userID: UInt32
  ) throws(FileError) -> PerfFacts {
    let root = RootDirectory()
    var facts = settings(root)
    facts.userID = userID
    facts.cpuCount = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    (facts.kernelRelease, facts.machine) = names()
    let tracepoint = readTracing(root, into: &facts)
    facts.events = answers(tracepoint: tracepoint, cgroup: controlGroupRoot(root))
    facts.limits.lockedBytes = limit(toolbox_locked_memory_limit())
    facts.limits.openFiles = limit(toolbox_open_files_limit())
    facts.debugging = debugging(root, kernel: facts.kernelRelease, environment: environment)
    var candidates = PerfLocator.candidates(given: perf, environment: environment, userID: userID)
    var first: PerfBinary?
    while let path = candidates.first {
      let binary = PerfLocator.inspect(path, environment: environment)
      candidates.removeFirst()
      if first == nil || (first?.complaint != nil && binary.complaint == nil) {
        if let first { facts.otherPerfs.append(first.path) }
        first = binary
      } else {
        facts.otherPerfs.append(path)
      }
      // The rest is only named, once one works.
      if first?.complaint == nil {
        facts.otherPerfs += candidates
        break
      }
    }
    facts.perf = first
    if case .everything(let watched, let recording) = scope {
      facts.processes = ProcessSurvey.read(root, watched: watched)
      facts.freeBytes = freeBytes(in: ".")
      if let recording {
        facts.recording = try RecordingFacts.read(recording)
      } else {
        // The usual file is a bonus: where it cannot be read there is none to speak of.
        facts.recording = try? RecordingFacts.read("perf.data")
      }
    }
    return facts
  }

  // MARK: Files

  /// What stands in files of the system; what cannot be read stays unknown.
  static func settings(_ root: RootDirectory) -> PerfFacts {
    var facts = PerfFacts()
    func number(_ name: String) -> Int? { text(root, "/proc/sys/kernel/" + name).flatMap { Int($0) } }
    facts.settings.paranoid = number("perf_event_paranoid")
    facts.settings.kptrRestrict = number("kptr_restrict")
    facts.settings.maxSampleRate = number("perf_event_max_sample_rate")
    facts.settings.cpuTimeMaxPercent = number("perf_cpu_time_max_percent")
    facts.settings.mlockKiB = number("perf_event_mlock_kb")
    facts.settings.maxStack = number("perf_event_max_stack")
    facts.settings.nmiWatchdog = number("nmi_watchdog")
    facts.settings.lockdown = text(root, "/sys/kernel/security/lockdown").flatMap(chosen)
    for path in OSRelease.paths {
      if let bytes = try? root.read(path, limit: 1 << 16) {
        facts.system = OSRelease(parsing: bytes)
        break
      }
    }
    let status = text(root, "/proc/self/status") ?? ""
    facts.capabilities = Capabilities(effective: field("CapEff", of: status).flatMap { UInt64($0, radix: 16) } ?? 0)
    facts.container.isFiltered = field("Seccomp", of: status) == "2"
    facts.container.kind = containerKind(root)
    facts.showsKernelAddresses = showsAddresses(root)
    facts.hardware = hardware(root)
    return facts
  }

  /// The trimmed text of a small file; nil where it cannot be read.
  static func text(_ root: RootDirectory, _ path: String) -> String? {
    guard let bytes = try? root.read(path, limit: 1 << 20) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    return String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }

  /// `none [integrity] confidentiality` is integrity.
  static func chosen(_ text: String) -> String? {
    text.split(separator: " ").first { $0.hasPrefix("[") && $0.hasSuffix("]") }.map {
      String($0.dropFirst().dropLast())
    }
  }

  static func field(_ name: String, of status: String) -> String? {
    status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
      .map { String($0.dropFirst(name.count + 1).drop(while: \.isWhitespace)) }
  }

  static func containerKind(_ root: RootDirectory) -> String? {
    if root.exists("/run/.containerenv") { return "podman" }
    let groups = text(root, "/proc/1/cgroup") ?? ""
    if groups.contains("kubepods") { return "kubernetes" }
    if root.exists("/.dockerenv") || groups.contains("docker") { return "docker" }
    if groups.contains("/lxc") { return "lxc" }
    // systemd leaves its own word for it, which everybody may read.
    return text(root, "/run/systemd/container").map { $0.isEmpty ? "container" : $0.harmless }
  }

  /// Whether any of the first symbols has an address; all of them are zero where the kernel hides them.
  static func showsAddresses(_ root: RootDirectory) -> Bool? {
    guard let descriptor = try? root.open("/proc/kallsyms", flags: O_RDONLY) else { return nil }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 16_384)
    let size = read(descriptor, &buffer, buffer.count)
    guard size > 0 else { return nil }
    // The first symbols of x86-64 are offsets into a CPU's own data and may be small, never all of them zero.
    return buffer[..<size].split(separator: 0x0A).contains { line in line.prefix { $0 != 0x20 }.contains { $0 != 0x30 }
    }
  }

  static func hardware(_ root: RootDirectory) -> HardwareFacts {
    var hardware = HardwareFacts()
    let folder = "/sys/bus/event_source/devices"
    hardware.eventSources = ((try? root.names(in: folder)) ?? nil) ?? []
    hardware.samplesMemory = hardware.eventSources.contains { source in
      source.hasPrefix("ibs_op") || source.hasPrefix("arm_spe")
        || root.exists("\(folder)/\(source)/events/mem-loads")
    }
    let processor = text(root, "/proc/cpuinfo") ?? ""
    let flags = processor.split(separator: "\n").first { $0.hasPrefix("flags") } ?? ""
    hardware.isVirtual = flags.split(separator: " ").contains("hypervisor") || root.exists("/sys/hypervisor/type")
    return hardware
  }

  static func debugging(_ root: RootDirectory, kernel: String, environment: [String: String]) -> DebugInformation {
    var result = DebugInformation()
    // Where perf looks (vmlinux_path in tools/perf/util/symbol.c), those that hold debug information first.
    let places = [
      "/usr/lib/debug/boot/vmlinux-\(kernel)", "/usr/lib/debug/lib/modules/\(kernel)/vmlinux",
      "/usr/lib/debug/boot/vmlinux-\(kernel).debug", "/lib/modules/\(kernel)/build/vmlinux", "/boot/vmlinux-\(kernel)",
    ]
    result.kernelImage = places.first(where: root.exists)
    let folder = "/usr/lib/debug/.build-id"
    for name in ((try? root.names(in: folder)) ?? nil) ?? [] where result.debugFileCount < 1000 {
      result.debugFileCount += (((try? root.names(in: "\(folder)/\(name)")) ?? nil) ?? []).count
    }
    var servers = environment["DEBUGINFOD_URLS"] ?? ""
    for name in ((try? root.names(in: "/etc/debuginfod")) ?? nil) ?? [] where name.hasSuffix(".urls") {
      servers += " " + (text(root, "/etc/debuginfod/\(name)") ?? "")
    }
    result.servers = servers.split(whereSeparator: \.isWhitespace).map { String($0).harmless }
    return result
  }

  // MARK: Tracing

  /// Reads what tracing there is.
  /// - Returns: the number of the tracepoint of context switches; nil where it cannot be read.
  private static func readTracing(_ root: RootDirectory, into facts: inout PerfFacts) -> UInt64? {
    facts.tracing.mountPoint = mountPoint(of: "tracefs", root)
    if let point = facts.tracing.mountPoint {
      return describe(RootDirectory(point), into: &facts.tracing)
    }
    // perf mounts a tracefs itself where it may, and then everything works: look into one that nobody sees.
    let descriptor = toolbox_open_detached_tracefs()
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return describe(RootDirectory("/proc/self/fd/\(descriptor)"), into: &facts.tracing)
  }

  /// - Parameter tracefs: its root directory.
  static func describe(_ tracefs: RootDirectory, into facts: inout TracingFacts) -> UInt64? {
    let subsystems = ((try? tracefs.names(in: "/events")) ?? nil) ?? []
    facts.subsystemCount = subsystems.count
    facts.hasKVM = subsystems.contains("kvm")
    facts.hasKprobes = tracefs.exists("/kprobe_events")
    facts.hasUprobes = tracefs.exists("/uprobe_events")
    facts.tracers = (text(tracefs, "/available_tracers") ?? "").split(separator: " ").map { String($0).harmless }
    facts.missingFtraceFile = ftraceFiles.first { !tracefs.exists("/" + $0) }
    let number = text(tracefs, "/events/sched/sched_switch/id").flatMap { UInt64($0) }
    facts.isReadable = number != nil
    return number
  }

  /// What `perf ftrace` resets before it begins; it gives up at the first one that is missing. Source: reset_tracing_files in
  /// tools/perf/builtin-ftrace.c.
  private static let ftraceFiles = [
    "tracing_on", "current_tracer", "set_ftrace_pid", "tracing_cpumask", "set_ftrace_filter", "set_ftrace_notrace",
    "set_graph_function", "set_graph_notrace", "max_graph_depth", "tracing_thresh",
  ]

  /// Where a file system of a type is mounted first; nil where it is not.
  static func mountPoint(of type: String, _ root: RootDirectory) -> String? {
    mounts(root).first { $0.type == type }?.point
  }

  private static func mounts(_ root: RootDirectory) -> [Mount] {
    guard let bytes = try? root.read(Mount.mountedPath, limit: 16 << 20) else { return [] }
    return bytes.withUnsafeBufferPointer { Mount.parse(mounted: $0, path: Mount.mountedPath).entries }
  }

  /// The root of the hierarchy in which perf looks for control groups: the old one for perf events, else the new one.
  package static func controlGroupRoot(_ root: RootDirectory = RootDirectory()) -> String? {
    let all = mounts(root)
    let old = all.first { $0.type == "cgroup" && $0.point.split(separator: "/").last?.contains("perf_event") == true }
    return (old ?? all.first { $0.type == "cgroup2" })?.point
  }

  // MARK: The kernel's answers

  private static func answers(tracepoint: UInt64?, cgroup: String?) -> EventAnswers {
    // PERF_TYPE_SOFTWARE with PERF_COUNT_SW_TASK_CLOCK and CPU_CLOCK, PERF_TYPE_HARDWARE with CPU_CYCLES.
    func attempt(
      _ type: UInt32, _ config: UInt64, userOnly: Bool = false, branches: Bool = false, pid: Int32 = 0, cpu: Int32 = -1,
      cgroup: Int32 = -1
    ) -> Int32 {
      var event = toolbox_perf_event()
      event.type = type
      event.config = config
      event.user_only = userOnly ? 1 : 0
      event.branches = branches ? 1 : 0
      return toolbox_perf_try(&event, pid, cpu, cgroup)
    }
    var result = EventAnswers()
    result.ownUser = attempt(1, 1, userOnly: true)
    result.ownKernel = attempt(1, 1)
    result.systemWide = attempt(1, 0, pid: -1, cpu: 0)
    result.hardware = attempt(0, 0, userOnly: true)
    result.branches = attempt(0, 0, userOnly: true, branches: true)
    result.tracepoint = tracepoint.map { attempt(2, $0, pid: -1, cpu: 0) }
    if let cgroup {
      let descriptor = Glibc.open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      if descriptor >= 0 {
        result.cgroup = attempt(1, 0, cpu: 0, cgroup: descriptor)
        close(descriptor)
      } else {
        result.cgroup = errno
      }
    }
    result.buffer = toolbox_perf_try_buffer(7)
    return result
  }

  // MARK: Numbers of the C library

  private static func names() -> (release: String, machine: String) {
    var names = utsname()
    guard uname(&names) == 0 else { return ("", "") }
    func text(_ field: some Any) -> String {
      withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    return (text(names.release), text(names.machine))
  }

  private static func limit(_ number: Int64) -> Int? { number < 0 ? nil : Int(number) }

  /// Bytes that are free for this user where a directory is; nil where that is not told.
  package static func freeBytes(in directory: String) -> Int? {
    var status = statvfs()
    guard statvfs(directory, &status) == 0 else { return nil }
    return Int(clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
  }
}
