package import HostSystem

/// A recording that cannot be read.
package enum RecordingError: ReportableError, Equatable {
  /// The bytes do not begin as a recording does.
  case notARecording(path: String)
  /// Something in the recording cannot be; the offset is that of the byte where it begins.
  case damaged(path: String, offset: Int, what: String)
  /// The file ends at `offset`, in the middle of something.
  case cut(path: String, offset: Int, what: String)
  /// What the recording holds is not read here.
  case unsupported(path: String, what: String)

  /// An event that was asked for.
  case noSuchEvent(path: String, wanted: String, there: [String])

  package var failureKind: FailureKind {
    if case .noSuchEvent = self { .usage } else { .badData }
  }

  package var message: String {
    switch self {
    case .notARecording(let path): "\(path): no recording of perf: it does not begin with PERFILE2"
    case .damaged(let path, let offset, let what):
      "\(path): damaged at byte \(offset): \(what); record again, or copy the file again"
    case .cut(let path, let offset, let what):
      "\(path): cut at byte \(offset): \(what); copy the file again"
    case .unsupported(let path, let what): "\(path): \(what)"
    case .noSuchEvent(let path, let wanted, let there):
      "\(path): there is no event '\(wanted)'; it has \(there.joined(separator: ", "))"
    }
  }
}
