package import HostSystem

/// What perf may and can do on a machine: everything that was looked at, and no judgement.
///
/// The kernel's own answers (``EventAnswers``) count more than settings: distributions patch the meaning of the levels, and
/// containers forbid calls that every setting allows.
package struct PerfFacts: Sendable, Equatable {
  /// `uname -r`.
  package var kernelRelease = ""
  /// `uname -m`.
  package var machine = ""
  /// CPUs that are online; at least 1.
  package var cpuCount = 1
  /// The effective user id of the caller.
  package var userID: UInt32 = 0
  package var system = OSRelease(fields: [:])
  /// The perf that would be run; nil where there is none.
  package var perf: PerfBinary?
  /// Other perfs on this machine, such as those of other kernel versions, by their paths.
  package var otherPerfs: [String] = []
  package var events = EventAnswers()
  package var settings = KernelSettings()
  package var capabilities = Capabilities(effective: 0)
  /// Whether `/proc/kallsyms` shows addresses; nil where it cannot be read.
  package var showsKernelAddresses: Bool?
  package var hardware = HardwareFacts()
  package var container = ContainerFacts()
  package var limits = ResourceLimits()
  package var tracing = TracingFacts()
  package var debugging = DebugInformation()
  /// What the processes of this machine look like to a profiler; nil where nobody asked.
  package var processes: ProcessSurvey?
  /// Bytes that are free in the working directory; nil where that is not known.
  package var freeBytes: Int?
  /// The recording in the working directory, or the one that was named; nil where there is none.
  package var recording: RecordingFacts?

  /// Nothing is known.
  package init() {}
}

/// Error numbers of perf_event_open(2) for the events that decide what works; 0 where the event was opened.
package struct EventAnswers: Sendable, Equatable {
  /// The CPU time of the caller in user mode.
  package var ownUser: Int32 = 0
  /// The same with what the kernel does for the caller.
  package var ownKernel: Int32 = 0
  /// Everything on CPU 0.
  package var systemWide: Int32 = 0
  /// Cycles of the caller in user mode, counted by the hardware.
  package var hardware: Int32 = 0
  /// Cycles with the last branches.
  package var branches: Int32 = 0
  /// The tracepoint of context switches on CPU 0; nil where its number could not be read.
  package var tracepoint: Int32?
  /// The CPU time of the root control group; nil where no hierarchy is mounted that perf could use.
  package var cgroup: Int32?
  /// Mapping a sampling buffer of 128 pages, which is perf's usual one of 512 KiB.
  package var buffer: Int32 = 0

  /// Everything was opened.
  package init() {}
}

/// Numbers below `/proc/sys/kernel`; nil where the kernel has no such setting.
package struct KernelSettings: Sendable, Equatable {
  /// Who may measure: -1 all of it for everybody, up to 2 in the kernel; distributions add 3 and 4.
  package var paranoid: Int?
  /// Who sees kernel addresses: 0 everybody, 1 with CAP_SYSLOG, 2 nobody.
  package var kptrRestrict: Int?
  /// The highest rate in samples a second and CPU; the kernel lowers it by itself.
  package var maxSampleRate: Int?
  /// The share of a CPU's time in percent from which on the kernel lowers the rate; 0 and 100 never.
  package var cpuTimeMaxPercent: Int?
  /// Locked memory for buffers, in KiB a CPU, before the limit of the user counts.
  package var mlockKiB: Int?
  /// The deepest stack that is recorded.
  package var maxStack: Int?
  /// Whether the watchdog for hard lockups takes a hardware counter.
  package var nmiWatchdog: Int?
  /// The kernel's lockdown: `none`, `integrity` or `confidentiality`; nil where it has none.
  package var lockdown: String?

  /// Nothing is known.
  package init() {}
}

/// The capabilities of a process.
package struct Capabilities: Sendable, Equatable {
  /// One bit for each, as in `CapEff` of proc(5).
  package let effective: UInt64

  package init(effective: UInt64) { self.effective = effective }

  /// Capabilities that matter to perf, with their numbers. Source: linux/capability.h.
  package enum Name: UInt64, Sendable, CaseIterable {
    case ipcLock = 14
    case sysPtrace = 19
    case sysAdmin = 21
    case syslog = 34
    case perfmon = 38

    /// `CAP_PERFMON`.
    package var text: String {
      switch self {
      case .ipcLock: "CAP_IPC_LOCK"
      case .sysPtrace: "CAP_SYS_PTRACE"
      case .sysAdmin: "CAP_SYS_ADMIN"
      case .syslog: "CAP_SYSLOG"
      case .perfmon: "CAP_PERFMON"
      }
    }
  }

  package func has(_ name: Name) -> Bool { effective & (1 << name.rawValue) != 0 }
}

/// What the hardware below perf is.
package struct HardwareFacts: Sendable, Equatable {
  /// The counters' own names below `/sys/bus/event_source/devices`, sorted.
  package var eventSources: [String] = []
  /// Whether the CPU says that a hypervisor is below it.
  package var isVirtual = false
  /// Whether a source samples memory accesses.
  package var samplesMemory = false

  /// Nothing is known.
  package init() {}

  /// The sources that count inside of CPU cores.
  package var coreSources: [String] { eventSources.filter { $0.hasPrefix("cpu") || $0.hasPrefix("armv") } }
  /// The sources that count outside of CPU cores.
  package var uncoreSources: [String] {
    eventSources.filter { name in ["uncore_", "amd_df", "amd_l3", "amd_umc", "arm_cmn"].contains { name.hasPrefix($0) }
    }
  }
}

/// Whether the process is in a container, and what that forbids.
package struct ContainerFacts: Sendable, Equatable {
  /// The kind as far as it can be told: `docker`, `podman`, `kubernetes`, `lxc`, `container`; nil outside of containers.
  package var kind: String?
  /// Whether system calls are filtered (seccomp mode 2).
  package var isFiltered = false

  /// Outside of containers.
  package init() {}
}

/// Limits of the process; nil is unlimited.
package struct ResourceLimits: Sendable, Equatable {
  /// RLIMIT_MEMLOCK, in bytes.
  package var lockedBytes: Int?
  /// RLIMIT_NOFILE.
  package var openFiles: Int?

  /// No limits.
  package init() {}
}

/// What of the kernel's tracing can be had.
package struct TracingFacts: Sendable, Equatable {
  /// Where tracefs is mounted; nil where it is not.
  package var mountPoint: String?
  /// Whether the events below it can be read by the caller, there or in a tracefs that perf would mount itself.
  package var isReadable = false
  /// The number of subsystems with tracepoints.
  package var subsystemCount = 0
  /// Whether the kernel has probes on its functions (`kprobe_events`).
  package var hasKprobes = false
  /// Whether the kernel has probes on programs (`uprobe_events`).
  package var hasUprobes = false
  /// The names in `available_tracers`.
  package var tracers: [String] = []
  /// The first file that `perf ftrace` writes to and that is not there; nil where all are.
  package var missingFtraceFile: String?
  /// Whether there are tracepoints of KVM.
  package var hasKVM = false

  /// No tracing.
  package init() {}
}

/// Where symbols and sources could come from.
package struct DebugInformation: Sendable, Equatable {
  /// A kernel image with debug information that perf would find; nil where there is none.
  package var kernelImage: String?
  /// How many debug files lie below `/usr/lib/debug/.build-id`, counted up to 1000.
  package var debugFileCount = 0
  /// The servers in `DEBUGINFOD_URLS` or `/etc/debuginfod`.
  package var servers: [String] = []

  /// Nothing.
  package init() {}
}
