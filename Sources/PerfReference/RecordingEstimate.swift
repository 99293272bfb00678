/// How large a recording may become: an upper bound for busy CPUs, all records included.
package struct RecordingEstimate: Sendable, Equatable {
  /// Bytes that a sample takes with its share of the other records, measured over recordings of a busy machine.
  package enum SampleSize {
    /// Without a stack.
    package static let bare = 64
    /// With a stack of frame pointers.
    package static let framePointers = 160
    /// What stands around the copied stack of a sample.
    package static let aroundStackCopy = 258
    /// The size of the copied stack where nobody says.
    package static let stackCopy = 8192
  }

  /// Samples a second and CPU.
  package let rate: Int
  package let cpus: Int
  package let seconds: Int
  package let bytesPerSample: Int

  package init(rate: Int, cpus: Int, seconds: Int, bytesPerSample: Int) {
    self.rate = rate
    self.cpus = cpus
    self.seconds = seconds
    self.bytesPerSample = bytesPerSample
  }

  /// The bound in bytes.
  package var bytes: Int {
    var product = 1
    for factor in [rate, cpus, seconds, bytesPerSample] {
      let (result, overflows) = product.multipliedReportingOverflow(by: factor)
      if overflows { return .max }
      product = result
    }
    return product
  }

  /// What the arguments of a `perf record` tell; nil for another command, or where the length or the rate is not said.
  /// - Parameter arguments: `perf` and all that follows.
  /// - Parameter cpuCount: CPUs that are online.
  package init?(arguments: [String], cpuCount: Int) {
    guard arguments.count > 2, arguments[1] == "record" else { return nil }
    // A ring that overwrites itself stays as large as its buffer.
    if arguments.prefix(while: { $0 != "--" }).contains("--overwrite") { return nil }
    var rate: Int?
    var isSystemWide = false
    var size = SampleSize.bare
    var isTracing = false
    var index = 2
    while index < arguments.count, arguments[index] != "--" {
      let word = arguments[index]
      let next = index + 1 < arguments.count ? arguments[index + 1] : ""
      switch word {
      case "-F", "--freq": rate = Int(next)
      case "-a", "--all-cpus": isSystemWide = true
      case "-g": size = max(size, SampleSize.framePointers)
      case "--call-graph":
        let parts = next.split(separator: ",")
        if parts.first == "dwarf" {
          let copy = parts.count > 1 ? Int(parts[1]) : nil
          size = (copy ?? SampleSize.stackCopy) + SampleSize.aroundStackCopy
        } else {
          size = max(size, SampleSize.framePointers)
        }
      case "-c", "--count": isTracing = true
      default: break
      }
      index += 1
    }
    let command = arguments[min(index + 1, arguments.count)...]
    guard let rate, !isTracing, command.count == 2, command.first == "sleep",
      let seconds = command.last.flatMap({ Int($0) }),
      rate > 0, seconds > 0
    else { return nil }
    self.init(rate: rate, cpus: isSystemWide ? max(1, cpuCount) : 1, seconds: seconds, bytesPerSample: size)
  }
}
