/// The kinds of records. Source: include/uapi/linux/perf_event.h and tools/lib/perf/include/perf/event.h of the kernel.
enum RecordType: UInt32 {
  case mmap = 1
  case lost
  case comm
  case exit
  case throttle
  case unthrottle
  case fork
  case read
  case sample
  case mmap2
  case aux
  case itraceStart
  case lostSamples
  case `switch`
  case switchCPUWide
  case namespaces
  case ksymbol
  case bpfEvent
  case cgroup
  case textPoke
  case auxOutputHardwareID
  case callchainDeferred

  // What perf itself writes.
  case attribute = 64
  case eventType
  case tracingData
  case buildID
  case finishedRound
  case idIndex
  case auxtraceInfo
  case auxtrace
  case auxtraceError
  case threadMap
  case cpuMap
  case statConfiguration
  case stat
  case statRound
  case eventUpdate
  case timeConversion
  case feature
  case compressed
  case finishedInit
  case compressed2
  case bpfMetadata
  case schedstatCPU
  case schedstatDomain

  /// The first type that is perf's own; smaller ones come from the kernel.
  static let firstOfPerf: UInt32 = 64
}
