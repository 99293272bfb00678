/// What a recipe needs of the machine, of perf or of the person's rights.
package enum Need: Sendable, Hashable {
  /// Something that is there or is not.
  case facility(Facility)
  /// A kernel of this version or later.
  case kernel(Version)
  /// A perf of this version or later.
  case perf(Version)

  /// Rights and facilities by the name that recipes use. ``Vocabulary`` has the words for people.
  package enum Facility: String, Sendable, CaseIterable {
    case ownUser = "own-user"
    case ownKernel = "own-kernel"
    case systemWide = "system-wide"
    case tracepoints
    case tracefs
    case kprobes
    case uprobes
    case pmu
    case branchStack = "branch-stack"
    case memoryEvents = "mem-events"
    case uncore
    case cgroup
    case bpf
    case ftrace
    case kvm
    case debuginfoKernel = "debuginfo-kernel"
    case debuginfoUser = "debuginfo-user"
  }

  /// The first two numbers of a version of the kernel or of perf.
  package struct Version: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// 5 of 5.8.
    package let major: Int
    /// 8 of 5.8.
    package let minor: Int

    /// Neither number is negative.
    package init(major: Int, minor: Int) {
      self.major = major
      self.minor = minor
    }

    /// Reads `5.8`, nothing before or behind it.
    package init?(_ text: some StringProtocol) {
      let numbers = text.split(separator: ".", omittingEmptySubsequences: false)
      guard numbers.count == 2, let major = Int(numbers[0]), let minor = Int(numbers[1]), major >= 0, minor >= 0 else {
        return nil
      }
      self.init(major: major, minor: minor)
    }

    /// `5.8`.
    package var description: String { "\(major).\(minor)" }

    /// By the first number, then by the second: 5.10 comes after 5.8.
    package static func < (left: Self, right: Self) -> Bool {
      (left.major, left.minor) < (right.major, right.minor)
    }
  }

  /// Reads a need as recipes write it: `pmu`, `kernel>=5.8`.
  /// - Returns: nil for a name that no probe will ever know.
  package init?(_ text: String) {
    if let facility = Facility(rawValue: text) {
      self = .facility(facility)
    } else if text.hasPrefix("kernel>="), let version = Version(text.dropFirst("kernel>=".count)) {
      self = .kernel(version)
    } else if text.hasPrefix("perf>="), let version = Version(text.dropFirst("perf>=".count)) {
      self = .perf(version)
    } else {
      return nil
    }
  }

  /// The need as recipes write it.
  package var name: String {
    switch self {
    case .facility(let facility): facility.rawValue
    case .kernel(let version): "kernel>=\(version)"
    case .perf(let version): "perf>=\(version)"
    }
  }
}

extension Need.Version {
  /// Reads what `perf --version` prints: `perf version 6.1.187`, with or without more behind it.
  package init?(perfVersionText text: String) {
    guard let word = text.split(whereSeparator: \.isWhitespace).first(where: { $0.first?.isNumber ?? false }) else {
      return nil
    }
    let numbers = word.split(separator: ".").prefix(2).map { $0.prefix { $0.isNumber } }
    guard numbers.count == 2 else { return nil }
    self.init(numbers.joined(separator: "."))
  }
}
