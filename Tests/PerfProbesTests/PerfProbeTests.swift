import Glibc
import HostSystem
import TestSupport
import Testing

@testable import PerfProbes

/// What is read from files, held against made-up systems; and the running machine, which has to give some answer.
@Suite struct PerfProbeTests {
  @Test func `settings, rights and limits are read from where the kernel has them`() throws {
    let directory = try TemporaryDirectory()
    for (name, text) in [
      ("perf_event_paranoid", "4"), ("kptr_restrict", "1"), ("perf_event_max_sample_rate", "63000"),
      ("perf_cpu_time_max_percent", "25"), ("perf_event_mlock_kb", "516"), ("perf_event_max_stack", "127"),
      ("nmi_watchdog", "1"),
    ] { try directory.write("proc/sys/kernel/" + name, text: text + "\n") }
    try directory.write("sys/kernel/security/lockdown", text: "none [integrity] confidentiality\n")
    try directory.write("proc/self/status", text: "Name:\tx\nCapEff:\t0000004000200000\nSeccomp:\t2\n")
    try directory.write("proc/1/cgroup", text: "0::/kubepods/besteffort/pod1\n")
    try directory.write("proc/kallsyms", text: "0000000000000000 T _text\n0000000000000000 t x\n")
    try directory.write("proc/cpuinfo", text: "processor\t: 0\nflags\t\t: fpu hypervisor lm\n")
    try directory.write("sys/bus/event_source/devices/cpu/events/mem-loads", text: "event=0xcd\n")
    try directory.write("sys/bus/event_source/devices/uncore_imc_0/type", text: "14\n")
    try directory.write("etc/os-release", text: "ID=ubuntu\nID_LIKE=debian\n")
    let facts = PerfProbe.settings(RootDirectory(directory.path))
    #expect(facts.settings.paranoid == 4)
    #expect(facts.settings.kptrRestrict == 1)
    #expect(facts.settings.maxSampleRate == 63_000)
    #expect(facts.settings.cpuTimeMaxPercent == 25)
    #expect(facts.settings.mlockKiB == 516)
    #expect(facts.settings.maxStack == 127)
    #expect(facts.settings.nmiWatchdog == 1)
    #expect(facts.settings.lockdown == "integrity")
    #expect(Capabilities.Name.allCases.filter(facts.capabilities.has) == [.sysAdmin, .perfmon])
    #expect(facts.container.kind == "kubernetes")
    #expect(facts.container.isFiltered)
    #expect(facts.showsKernelAddresses == false)
    #expect(facts.hardware.isVirtual)
    #expect(facts.hardware.samplesMemory)
    #expect(facts.hardware.coreSources == ["cpu"])
    #expect(facts.hardware.uncoreSources == ["uncore_imc_0"])
    #expect(facts.system.id == "ubuntu")
  }

  @Test func `what a system does not have stays unknown`() throws {
    let facts = PerfProbe.settings(RootDirectory(try TemporaryDirectory().path))
    #expect(facts == PerfFacts())
  }

  @Test(arguments: [
    ("run/.containerenv", "", "podman"), (".dockerenv", "", "docker"), ("proc/1/cgroup", "0::/lxc/box\n", "lxc"),
    ("run/systemd/container", "systemd-nspawn\n", "systemd-nspawn"),
  ])
  func `a container is told by what its maker left`(path: String, text: String, kind: String) throws {
    let directory = try TemporaryDirectory()
    try directory.write(path, text: text)
    #expect(PerfProbe.containerKind(RootDirectory(directory.path)) == kind)
  }

  @Test func `a tracefs is described by its files`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("events/sched/sched_switch/id", text: "372\n")
    try directory.write("events/kvm/enable", text: "0\n")
    try directory.write("uprobe_events", text: "")
    try directory.write("available_tracers", text: "blk function nop\n")
    for name in ["tracing_on", "current_tracer"] { try directory.write(name, text: "") }
    var facts = TracingFacts()
    #expect(PerfProbe.describe(RootDirectory(directory.path), into: &facts) == 372)
    #expect(facts.isReadable)
    #expect(facts.subsystemCount == 2)
    #expect(facts.hasKVM)
    #expect(facts.hasUprobes)
    #expect(!facts.hasKprobes)
    #expect(facts.tracers == ["blk", "function", "nop"])
    #expect(facts.missingFtraceFile == "set_ftrace_pid")
  }

  @Test func `control groups are looked for where perf does`() throws {
    let directory = try TemporaryDirectory()
    let mounts = """
      30 1 0:5 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
      31 1 0:6 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu

      """
    try directory.write("proc/self/mountinfo", text: mounts)
    #expect(PerfProbe.controlGroupRoot(RootDirectory(directory.path)) == "/sys/fs/cgroup/unified")
    try directory.write(
      "proc/self/mountinfo", text: mounts + "32 1 0:7 / /sys/fs/cgroup/perf_event rw - cgroup cgroup rw,perf_event\n")
    #expect(PerfProbe.controlGroupRoot(RootDirectory(directory.path)) == "/sys/fs/cgroup/perf_event")
  }

  @Test func `this machine gives an answer to everything that every Linux knows`() throws {
    let facts = try PerfProbe.live(
      .everything(watchedPrograms: ["java"], recording: nil), environment: ["PATH": "/usr/bin:/bin"], userID: geteuid())
    #expect(PerfBinary.release(of: facts.kernelRelease) != nil)
    #expect(!facts.machine.isEmpty)
    #expect(facts.cpuCount >= 1)
    #expect(try #require(facts.processes).count >= 1)
    #expect(try #require(facts.freeBytes) > 0)
    // A process that cannot be measured in user mode cannot be measured in the kernel either.
    if facts.events.ownUser != 0 { #expect(facts.events.ownKernel != 0) }
  }

  @Test func `a recording that was named and is not there is an error`() throws {
    let path = try TemporaryDirectory()("none")
    #expect(throws: FileError(path: path, code: ENOENT)) {
      try PerfProbe.live(
        .everything(watchedPrograms: [], recording: path), perf: "/nonexistent/perf", environment: [:], userID: 0)
    }
  }
}

@Suite struct PerfBinaryTests {
  @Test func `the build options are read in the forms that perf has used`() {
    let (version, features) = PerfBinary.parse(
      """
      perf version 6.1.187
                       dwarf: [ on  ]  # HAVE_DWARF_SUPPORT
                      libbfd: [ OFF ]  # HAVE_LIBBFD_SUPPORT
               bpf_skeletons: [ on  ]  # HAVE_BPF_SKEL
               not an option
               strange: [ maybe ]
      """)
    #expect(version == "6.1.187")
    #expect(features == ["dwarf": true, "libbfd": false, "bpf_skeletons": true])
    #expect(PerfBinary.parse("").version == nil)
  }

  @Test(
    arguments: [
      ("6.1.187", [6, 1]), ("5.10.0-28-amd64", [5, 10]), ("5.19.rc8.g0123", [5, 19]), ("6.8-rc1", [6, 8]), ("6", nil),
      ("", nil), ("x.y", nil),
    ] as [(String, [Int]?)])
  func `of a version the first two numbers count`(text: String, numbers: [Int]?) {
    #expect(PerfBinary.release(of: text).map { [$0.major, $0.minor] } == numbers)
  }

  private func program(_ directory: TemporaryDirectory, _ name: String, _ text: String) throws -> String {
    let path = try directory.write(name, text: text)
    #expect(chmod(path, 0o755) == 0)
    return path
  }

  @Test func `a perf that works says what it was built with`() throws {
    let directory = try TemporaryDirectory()
    let path = try program(
      directory, "perf",
      """
      #!/bin/sh
      case $1 in
        version) echo 'perf version 6.1.9'; echo ' zstd: [ on ]  # HAVE_ZSTD_SUPPORT';;
        record) echo '  --off-cpu  Enable off-cpu analysis'; echo '  (not built-in because no BUILD_BPF_SKEL=1)'; exit 129;;
      esac

      """)
    #expect(
      PerfLocator.inspect(path, environment: [:])
        == PerfBinary(path: path, isWrapper: true, version: "6.1.9", features: ["zstd": true], hasBPFSkeletons: false))
  }

  @Test func `a wrapper without its program is known by what it says`() throws {
    let directory = try TemporaryDirectory()
    let path = try program(
      directory, "perf", "#!/bin/sh\necho 'WARNING: perf not found for kernel 5.15' >&2\nexit 2\n")
    let binary = PerfLocator.inspect(path, environment: [:])
    #expect(binary.isWrapper)
    #expect(binary.version == nil)
    #expect(binary.complaint == "WARNING: perf not found for kernel 5.15")
  }

  @Test func `programs are looked for as a shell does, then by the names that distributions use`() throws {
    let directory = try TemporaryDirectory()
    for name in [
      "opt/perf", "usr/bin/perf", "usr/bin/perf_5.10", "usr/bin/perf_events", "usr/lib/linux-tools/5.15.0-1/perf",
      "usr/lib/linux-tools-5.15.0-2/perf",
    ] { _ = try program(directory, name, "x") }
    try directory.write("plain/perf", text: "not executable")
    let root = RootDirectory(directory.path)
    func found(_ path: String, userID: UInt32) -> [String] {
      PerfLocator.candidates(environment: ["PATH": path], userID: userID, root: root)
    }
    #expect(
      found("/plain:/opt:/usr/bin:/opt", userID: 1000) == [
        "/opt/perf", "/usr/bin/perf", "/usr/bin/perf_5.10", "/usr/lib/linux-tools/5.15.0-1/perf",
        "/usr/lib/linux-tools-5.15.0-2/perf",
      ])
    #expect(
      PerfLocator.candidates(given: "x/perf", environment: ["PATH": "/opt"], userID: 0, root: root) == ["x/perf"])
    // A root of its own resolves relative paths from there, as a working directory would.
    #expect(found("opt:/usr/bin", userID: 1000).first == "opt/perf")
    #expect(found("opt::/usr/bin", userID: 0).first == "/usr/bin/perf")
  }
}

@Suite struct ProcessTableTests {
  @Test(
    arguments: [
      ("1 (a b) ) S 0 1 1 0 -1 4 1 2 3 4 50 6 7 8 20", "a b) ", 56), ("1 (x) R", nil, nil), ("", nil, nil),
      // Signs that join the parentheses beside them.
      ("1 (\u{301}x\u{70F}) S 0 1 1 0 -1 4 1 2 3 4 50 6 7 8 20", "\u{301}x\u{70F}", 56),
    ] as [(String, String?, Int?)])
  func `a process is read whatever its name holds`(text: String, name: String?, ticks: Int?) {
    let record = ProcessTable.parse(text)
    #expect(record?.name == name)
    #expect(record?.ticks == ticks)
  }

  @Test func `this process is among those that run`() {
    let own = ProcessTable.busiest(waiting: 0).first { $0.pid == Int(getpid()) }
    #expect(own?.commandLine.isEmpty == false)
  }

  @Test(
    arguments: [
      ("7f r-xp 0 08:01 5 /usr/lib/libfoo.so.1 (deleted)", "/usr/lib/libfoo.so.1"),
      ("7f r-xp 0 08:01 5     /opt/my app (deleted)", "/opt/my app"),
      ("7f r--p 0 08:01 5 /usr/lib/libfoo.so.1 (deleted)", nil), ("7f r-xp 0 08:01 5 /usr/lib/libfoo.so.1", nil),
      ("7f r-xp 0 00:01 5 /memfd:jit (deleted)", nil), ("7f rwxp 0 00:01 5 /dev/zero (deleted)", nil), ("", nil),
    ] as [(String, String?)])
  func `code of a file that is gone is told from memory that never had one`(line: String, object: String?) {
    #expect(ProcessSurvey.staleObject(Array(("1 r-xp 0 0:0 0 \n" + line + "\n").utf8)) == object)
  }

  @Test func `runtimes and their maps are found in the process's own namespaces`() throws {
    let directory = try TemporaryDirectory()
    func process(_ pid: Int, _ program: String) throws {
      try directory.write("proc/\(pid)/status", text: "Uid:\t\(getuid())\t0\nNSpid:\t\(pid)\t7\n")
      try directory.write("proc/\(pid)/root/tmp/other", text: "")
      #expect(symlink(program, directory("proc/\(pid)/exe")) == 0)
    }
    try process(10, "/usr/lib/jvm/bin/java")
    try process(11, "/usr/bin/python3.12 (deleted)")
    try process(12, "/usr/bin/javac")
    try directory.write("proc/10/root/tmp/perf-7.map", text: "")
    let survey = ProcessSurvey.read(RootDirectory(directory.path), watched: ["java", "python3"])
    #expect(survey.count == 3)
    #expect(
      survey.runtimes == [
        .init(pid: 10, program: "java", hasMap: true), .init(pid: 11, program: "python3.12", hasMap: false),
      ])
  }
}

@Suite struct RecordingFactsTests {
  private func number(_ value: UInt64, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }

  private func record(_ type: UInt64, _ words: UInt64...) -> [UInt8] {
    number(type, 4) + number(0, 2) + number(UInt64(8 + 8 * words.count), 2) + words.flatMap { number($0, 8) }
  }

  /// A recording with two events: a frequency, and the dummy that only carries side records.
  private func file(records: [UInt8], dataSize: Int? = nil, features: UInt64 = 0) -> [UInt8] {
    func entry(_ type: UInt64, _ config: UInt64, _ flags: UInt64) -> [UInt8] {
      let attribute = number(type, 4) + number(64, 4) + number(config, 8) + number(99, 8)
      return attribute + number(0, 16) + number(flags, 8) + number(0, 16) + number(0, 16)
    }
    let events = entry(1, 0, 1 << 10) + entry(1, 9, 0)
    let head =
      Array("PERFILE2".utf8) + number(104, 8) + number(80, 8) + number(104, 8) + number(UInt64(events.count), 8)
      + number(UInt64(104 + events.count), 8) + number(UInt64(dataSize ?? records.count), 8) + number(0, 16)
      + number(features, 8) + number(0, 24)
    #expect(head.count == 104)
    return head + events + records
  }

  private func facts(_ bytes: [UInt8]) -> RecordingFacts {
    bytes.withUnsafeBufferPointer { RecordingFacts.parse($0, path: "f", ownerID: 7) }
  }

  @Test func `a recording says what it holds and what was lost`() {
    let read = facts(file(records: record(9, 1, 2) + record(2, 5, 40) + record(13, 2) + record(5) + record(77)))
    #expect(read.form == .file)
    #expect(read.ownerID == 7)
    #expect([read.eventCount, read.frequencyCount, read.entrySize] == [1, 1, 80])
    #expect([read.samples, read.lost, read.throttled] == [1, 42, 1])
    #expect(read.unread == nil)
  }

  @Test func `what a killed recording left is read to its end`() {
    let read = facts(file(records: record(9, 1) + record(9, 1), dataSize: 0))
    #expect(read.form == .unfinished)
    #expect(read.samples == 2)
  }

  @Test func `a file that is cut, compressed, damaged or something else says so`() {
    #expect(facts(file(records: record(9, 1), dataSize: 400)).form == .cut)
    #expect(facts(file(records: record(9, 1), features: 1 << 27)).unread == "its records are compressed")
    #expect(facts(file(records: number(9, 8))).unread == "the record at byte 264 has no size")
    #expect(facts(Array("PERFILE2".utf8) + number(16, 8)).form == .pipe)
    #expect(facts(Array("2ELIFREP".utf8)).form == .foreignOrder)
    for bytes in [[], Array("PERFILE2".utf8), Array("hello".utf8), Array(file(records: []).prefix(100))] {
      #expect(facts(bytes).form == .other)
    }
  }

  @Test func `numbers that lead out of the file lead nowhere`() {
    var bytes = file(records: record(71, UInt64.max))
    #expect(facts(bytes).samples == 0)
    bytes.replaceSubrange(24..<32, with: number(1 << 47, 8))
    #expect(facts(bytes).eventCount == 0)
    bytes.replaceSubrange(40..<48, with: number(1 << 60, 8))
    #expect(facts(bytes).form == .other)
  }
}
