import BundledData
import DataTree
import Glibc
import HostSystem
import TestSupport
import Testing

@testable import PerfProbes
@testable import PerfReference

/// A machine on which everything works: what the tests change one thing of.
private func healthy() -> PerfFacts {
  var facts = PerfFacts()
  facts.kernelRelease = "6.12.0-18-amd64"
  facts.machine = "x86_64"
  facts.cpuCount = 4
  facts.system = OSRelease(fields: ["ID": "fedora", "VERSION_ID": "40", "NAME": "Fedora"])
  facts.perf = PerfBinary(
    path: "/usr/bin/perf", isWrapper: false, version: "6.8.1",
    features: ["dwarf": true, "libelf": true, "libunwind": true, "zstd": true, "libbfd": true], hasBPFSkeletons: true)
  facts.events.tracepoint = 0
  facts.events.cgroup = 0
  facts.settings.paranoid = -1
  facts.settings.kptrRestrict = 0
  facts.settings.maxSampleRate = 100_000
  facts.settings.mlockKiB = 516
  facts.settings.maxStack = 127
  facts.settings.nmiWatchdog = 0
  facts.capabilities = Capabilities(effective: .max)
  facts.showsKernelAddresses = true
  facts.hardware.eventSources = ["cpu", "uncore_imc"]
  facts.hardware.samplesMemory = true
  facts.tracing.mountPoint = "/sys/kernel/tracing"
  facts.tracing.isReadable = true
  facts.tracing.subsystemCount = 100
  facts.tracing.hasKprobes = true
  facts.tracing.hasUprobes = true
  facts.tracing.hasKVM = true
  facts.tracing.tracers = ["function", "function_graph"]
  facts.debugging.debugFileCount = 3
  facts.debugging.kernelImage = "/usr/lib/debug/boot/vmlinux"
  facts.processes = ProcessSurvey()
  facts.freeBytes = 1 << 40
  facts.recording = recording()
  return facts
}

private func recording(_ form: RecordingFacts.Form = .file, _ change: (inout RecordingFacts) -> Void = { _ in })
  -> RecordingFacts
{
  var result = RecordingFacts(path: "perf.data", sizeBytes: 1000, ownerID: 0, form: form)
  result.eventCount = 1
  result.frequencyCount = 1
  result.entrySize = 152
  result.samples = 900
  change(&result)
  return result
}

@Suite struct DoctorTests {
  private let words: DoctorWords
  private let book: RecipeBook

  init() throws {
    words = try DoctorWords.bundled()
    book = try RecipeBook.bundled()
  }

  private func checks(_ facts: PerfFacts) throws -> [DoctorCheck] { try Doctor(facts, words, book: book).checks() }

  @Test func `there are twenty checks, and on a machine where all is well none complains`() throws {
    let checks = try checks(healthy())
    #expect(checks.count == 20)
    #expect(Set(checks.map(\.id)).count == 20)
    for check in checks {
      #expect(check.verdict == .ok, "\(check)")
      #expect(check.fix == nil, "\(check.id)")
      #expect(!check.found.isEmpty, "\(check.id)")
    }
  }

  /// A change of the healthy machine: what it is called, the check that sees it, its verdict, and a part of what it says.
  private struct Case {
    let check: String
    let verdict: DoctorCheck.Verdict
    let says: String
    let change: (inout PerfFacts) -> Void

    init(
      _ check: String, _ verdict: DoctorCheck.Verdict, _ says: String, _ change: @escaping (inout PerfFacts) -> Void
    ) {
      self.check = check
      self.verdict = verdict
      self.says = says
      self.change = change
    }
  }

  private let cases: [Case] = [
    Case("perf-binary", .fail, "dnf install perf") { $0.perf = nil },
    Case("perf-binary", .fail, "linux-tools-6.12.0-18-amd64") {
      $0.system = OSRelease(fields: ["ID": "linuxmint", "ID_LIKE": "ubuntu debian"])
      $0.perf = PerfBinary(path: "/usr/bin/perf", isWrapper: true, version: nil, complaint: "WARNING: perf not found")
    },
    Case("perf-binary", .warn, "export PATH=/usr/lib/linux-tools/5.15:$PATH") {
      $0.perf = PerfBinary(path: "/usr/lib/linux-tools/5.15/perf", isWrapper: false, version: "5.15.1")
      $0.otherPerfs = ["/usr/bin/perf"]
    },
    Case("paranoid", .warn, "kernel.perf_event_paranoid=-1") { $0.events.systemWide = EACCES },
    Case("paranoid", .warn, "user mode alone") {
      $0.events.systemWide = EACCES
      $0.events.ownKernel = EACCES
    },
    Case("paranoid", .fail, "level 4") {
      $0.settings.paranoid = 4
      ($0.events.systemWide, $0.events.ownKernel, $0.events.ownUser) = (EACCES, EACCES, EACCES)
    },
    Case("paranoid", .fail, "filter for system calls") {
      $0.container.isFiltered = true
      ($0.events.systemWide, $0.events.ownKernel, $0.events.ownUser) = (EPERM, EPERM, EPERM)
    },
    Case("paranoid", .fail, "CONFIG_PERF_EVENTS") {
      ($0.events.systemWide, $0.events.ownKernel, $0.events.ownUser) = (ENOSYS, ENOSYS, ENOSYS)
    },
    Case("capabilities", .warn, "setcap cap_perfmon,cap_sys_ptrace,cap_syslog=ep /usr/bin/perf") {
      $0.capabilities = Capabilities(effective: 0)
      $0.events.systemWide = EACCES
    },
    Case("capabilities", .ok, "missing: CAP_IPC_LOCK") { $0.capabilities = Capabilities(effective: 0) },
    Case("kernel-symbols", .warn, "kernel.kptr_restrict=0") { $0.showsKernelAddresses = false },
    Case("kernel-symbols", .warn, "cannot be read") { $0.showsKernelAddresses = nil },
    Case("pmu", .warn, "virtual PMU") {
      $0.events.hardware = ENOENT
      $0.hardware.isVirtual = true
    },
    Case("pmu", .warn, "knows this CPU") { $0.events.hardware = ENOENT },
    Case("pmu", .warn, "may not be used") { $0.events.hardware = EACCES },
    Case("container", .fail, "docker run --cap-add PERFMON") {
      $0.container.kind = "docker"
      $0.events.ownUser = EPERM
    },
    Case("container", .fail, "run perf on the host") {
      $0.container.kind = "lxc"
      $0.events.ownUser = EPERM
    },
    Case("container", .ok, "lets perf through") { $0.container.kind = "podman" },
    Case("container", .fail, "SystemCallFilter") {
      $0.container.isFiltered = true
      $0.events.ownUser = EPERM
    },
    Case("locked-memory", .warn, "perf_event_mlock_kb=2048") { $0.events.buffer = EPERM },
    Case("locked-memory", .skip, "no buffer was tried") { $0.events.ownUser = EACCES },
    Case("open-files", .warn, "ulimit -n 2864") { $0.limits.openFiles = 1024 },
    Case("sampling", .warn, "lowered") { $0.settings.maxSampleRate = 1000 },
    Case("sampling", .skip, "no such setting") { $0.settings.maxSampleRate = nil },
    Case("tracing", .warn, "CONFIG_KPROBE_EVENTS=y CONFIG_FUNCTION_GRAPH_TRACER=y") {
      $0.tracing.hasKprobes = false
      $0.tracing.missingFtraceFile = "max_graph_depth"
    },
    Case("tracing", .warn, "run perf as root") {
      $0.tracing.isReadable = false
      $0.events.tracepoint = nil
    },
    Case("tracing", .warn, "not opened") { $0.events.tracepoint = EACCES },
    Case("tracing", .warn, "Secure Boot") { $0.settings.lockdown = "confidentiality" },
    Case("perf-build", .warn, "no --call-graph dwarf; no -z") {
      $0.perf = PerfBinary(
        path: "p", isWrapper: false, version: "6.1.2",
        features: ["libunwind": false, "libdw-dwarf-unwind": false, "zstd": false])
    },
    Case("perf-build", .ok, "everything") {
      $0.perf = PerfBinary(
        path: "p", isWrapper: false, version: "6.1.2", features: ["libunwind": true, "libdw-dwarf-unwind": true])
    },
    Case("perf-build", .skip, "no perf") { $0.perf = nil },
    Case("addr2line", .warn, "again for every address") {
      $0.perf = PerfBinary(path: "p", isWrapper: false, version: "5.10.2")
    },
    Case("addr2line", .warn, "--no-inline") { $0.perf = PerfBinary(path: "p", isWrapper: false, version: "6.1.2") },
    Case("addr2line", .skip, "no perf") { $0.perf = nil },
    Case("symbols", .warn, "2 processes run code of files that were replaced") {
      $0.processes?.stale = [.init(pid: 5, object: "/usr/lib/libssl.so.3"), .init(pid: 6, object: "/x")]
    },
    Case("symbols", .warn, "dnf debuginfo-install") { $0.debugging = DebugInformation() },
    Case("stacks", .warn, "--call-graph dwarf") {
      $0.system = OSRelease(fields: ["ID": "debian", "VERSION_ID": "12"])
    },
    Case("stacks", .warn, "--call-graph dwarf") {
      $0.system = OSRelease(fields: ["ID": "ubuntu", "VERSION_ID": "22.04"])
    },
    Case("stacks", .ok, "whole stacks") { $0.system = OSRelease(fields: ["ID": "ubuntu", "VERSION_ID": "24.04"]) },
    Case("stacks", .ok, "whole stacks") { $0.system = OSRelease(fields: ["ID": "arch"]) },
    Case("stacks", .warn, "cannot unwind") {
      $0.system = OSRelease(fields: ["ID": "debian", "VERSION_ID": "12"])
      $0.perf = PerfBinary(path: "p", isWrapper: false, version: "6.1.2")
    },
    Case("jit", .warn, "-X perf") {
      $0.processes?.runtimes = [
        .init(pid: 3, program: "java", hasMap: true), .init(pid: 4, program: "python3.12", hasMap: false),
      ]
    },
    Case("jit", .ok, "writes a map") { $0.processes?.runtimes = [.init(pid: 3, program: "java", hasMap: true)] },
    Case("lost-data", .warn, "10.0 %") { $0.recording = recording { $0.lost = 100 } },
    Case("lost-data", .skip, "compressed") { $0.recording = recording { $0.unread = "its records are compressed" } },
    Case("lost-data", .skip, "--recording") { $0.recording = nil },
    Case("size", .warn, "--max-size") { $0.freeBytes = 1 << 20 },
    Case("size", .skip, "could not be told") { $0.freeBytes = nil },
    Case("recording", .warn, "incompatible file format") { $0.recording = recording { $0.entrySize = 160 } },
    Case("recording", .warn, "other byte order") { $0.recording = recording(.foreignOrder) },
    Case("recording", .warn, "chown 1000 perf.data") {
      $0.userID = 1000
      $0.recording = RecordingFacts(path: "perf.data", sizeBytes: 1, ownerID: 33, form: .file)
    },
    Case("recording", .warn, "SIGKILL") { $0.recording = recording(.unfinished) },
    Case("recording", .fail, "copy it again") { $0.recording = recording(.cut) },
    Case("recording", .fail, "no recording of perf") { $0.recording = recording(.other) },
    Case("nmi-watchdog", .warn, "kernel.nmi_watchdog=0") { $0.settings.nmiWatchdog = 1 },
    Case("nmi-watchdog", .skip, "nothing is shared") { $0.events.hardware = ENOENT },
    Case("events", .warn, "must not be added") { $0.recording = recording { $0.eventCount = 2 } },
    Case("events", .warn, "shares of events") { $0.recording = recording { $0.frequencyCount = 0 } },
  ]

  @Test func `every thing that can be off is told with its verdict and its remedy`() throws {
    var reached: Set<String> = []
    for item in cases {
      var facts = healthy()
      item.change(&facts)
      let check = try #require(try checks(facts).first { $0.id == item.check })
      #expect(check.verdict == item.verdict, "\(check)")
      let text = [check.found, check.meaning, check.fix ?? ""].joined(separator: "\n")
      #expect(text.contains(item.says), "\(check)")
      #expect(!text.contains("{"), "\(check)")
      if item.verdict == .warn || item.verdict == .fail {
        #expect(check.fix != nil || check.meaning.contains("see "), "\(check.id)")
      }
      reached.insert(item.check + "/" + check.meaning)
    }
    #expect(reached.count > 40)
  }

  @Test func `what the hardware or the kernel lacks names the recipes that it costs`() throws {
    var facts = healthy()
    facts.events.hardware = ENOENT
    facts.tracing.hasKprobes = false
    let found = try checks(facts)
    let recipes = Dictionary(uniqueKeysWithValues: found.map { ($0.id, $0.recipes) })
    #expect(recipes["pmu"]?.contains("count-llc") == true)
    #expect(recipes["tracing"]?.contains("probe-kernel-function") == true)
    #expect(recipes["tracing"]?.contains("ftrace-graph") == false)
  }

  @Test func `the words hold nothing that no check can reach, and are plain`() throws {
    for id in words.checkIDs {
      for state in words.stateNames(of: id) {
        let read = try words.state(state, of: id, on: OSRelease(fields: [:]), kind: nil)
        #expect(read.meaning.hasSuffix("."), "\(id).\(state)")
        #expect(read.fix?.contains("\n") != true, "\(id).\(state)")
        if read.verdict == .ok || read.verdict == .skip { #expect(read.fix == nil, "\(id).\(state)") }
      }
    }
    let tree = try #require(BundledFile.at("perf/doctor.yaml")?.tree)
    #expect(tree.entries.map(\.key) == ["checks", "features", "frame-pointers", "runtimes", "reasons"])
  }
}

@Suite struct MachineJudgeTests {
  private let words: DoctorWords
  private let book: RecipeBook

  init() throws {
    words = try DoctorWords.bundled()
    book = try RecipeBook.bundled()
  }

  @Test func `where all is well every recipe can run`() throws {
    let judge = MachineJudge(healthy(), words)
    for recipe in try book.recipes() { #expect(try judge.obstacle(to: recipe) == nil, "\(recipe.id)") }
  }

  @Test func `every need has a reason of its own where it is not met`() throws {
    var facts = healthy()
    let code = EACCES
    (facts.events.ownUser, facts.events.ownKernel, facts.events.systemWide) = (code, code, code)
    (facts.events.hardware, facts.events.branches, facts.events.cgroup) = (ENOENT, ENOENT, nil)
    facts.events.tracepoint = nil
    facts.hardware = HardwareFacts()
    facts.tracing = TracingFacts()
    facts.tracing.missingFtraceFile = "set_graph_function"
    facts.debugging.kernelImage = nil
    facts.perf = PerfBinary(path: "p", isWrapper: false, version: "5.9.0", hasBPFSkeletons: false)
    let judge = MachineJudge(facts, words)
    for facility in Need.Facility.allCases where facility != .debuginfoUser {
      let reason = try #require(try judge.obstacle(to: .facility(facility)), "\(facility)")
      #expect(!reason.contains("{"), "\(facility): \(reason)")
    }
    #expect(try judge.obstacle(to: .facility(.pmu)) == "there are no hardware counters (No such file or directory)")
    #expect(try judge.obstacle(to: .kernel(.init(major: 6, minor: 20))) == "the kernel is 6.12.0-18-amd64")
    #expect(try judge.obstacle(to: .kernel(.init(major: 5, minor: 10))) == nil)
    #expect(try judge.obstacle(to: .perf(.init(major: 5, minor: 10))) == "perf is 5.9.0")
  }

  @Test func `probes and function tracing are for root`() throws {
    var facts = healthy()
    facts.userID = 1000
    let judge = MachineJudge(facts, words)
    for facility in [Need.Facility.kprobes, .uprobes, .ftrace] {
      #expect(try judge.obstacle(to: .facility(facility))?.contains("root only") == true)
    }
  }

  @Test func `a perf with capabilities of its own may what the caller may not`() throws {
    var facts = healthy()
    facts.userID = 1000
    facts.events.systemWide = EACCES
    let recipe = try #require(try book.recipe("profile-system"))
    #expect(try MachineJudge(facts, words).obstacle(to: recipe) != nil)
    facts.perf?.hasOwnRights = true
    #expect(try MachineJudge(facts, words).obstacle(to: recipe) == nil)
    // No right makes a counter.
    facts.events.hardware = ENOENT
    #expect(try MachineJudge(facts, words).obstacle(to: .facility(.pmu)) != nil)
  }

  @Test func `without perf nothing runs, and a broken one says why`() throws {
    var facts = healthy()
    let recipe = try #require(try book.recipe("list-events"))
    facts.perf = nil
    #expect(try MachineJudge(facts, words).obstacle(to: recipe) == "perf is not installed")
    facts.perf = PerfBinary(path: "p", isWrapper: true, version: nil, complaint: "not found for kernel")
    #expect(try MachineJudge(facts, words).obstacle(to: recipe) == "perf does not work here (not found for kernel)")
  }

  @Test func `the alternative is the first that can run`() throws {
    var facts = healthy()
    facts.events.hardware = ENOENT
    facts.events.branches = ENOENT
    let judge = MachineJudge(facts, words)
    let recipe = try #require(try book.recipe("profile-branches"))
    #expect(try judge.alternative(to: recipe, in: book)?.id == "profile-system-clock")
    facts.events.systemWide = EACCES
    #expect(try MachineJudge(facts, words).alternative(to: recipe, in: book)?.id == "profile-command-clock")
    facts.events.ownUser = EACCES
    #expect(try MachineJudge(facts, words).alternative(to: recipe, in: book) == nil)
  }
}

@Suite struct RecordingEstimateTests {
  @Test(
    arguments: [
      ("perf record -F 99 -a -g -o f -- sleep 60", 99 * 4 * 60 * 160),
      ("perf record -F 99 -a --call-graph dwarf -- sleep 10", 99 * 4 * 10 * 8450),
      ("perf record -F 99 --call-graph dwarf,4096 -p 5 -- sleep 10", 99 * 10 * 4354),
      ("perf record -F 99 -a -- sleep 10", 99 * 4 * 10 * 64),
      ("perf record -F 99 -a -- make -j4", nil), ("perf record -e x -a -- sleep 10", nil),
      ("perf record -F 99 -c 5 -a -- sleep 10", nil), ("perf stat -F 99 -a -- sleep 10", nil),
      ("perf record -F 99 -a -- sleep x", nil), ("perf record", nil), ("perf record -F", nil),
      ("perf record -F \(Int.max) -a -g -- sleep \(Int.max)", Int.max),
    ] as [(String, Int?)])
  func `the size is told where the command line tells it`(line: String, bytes: Int?) {
    let arguments = line.split(separator: " ").map(String.init)
    #expect(RecordingEstimate(arguments: arguments, cpuCount: 4)?.bytes == bytes)
  }
}
