package import ArgumentParser
package import HostSystem

/// The exit codes of every command, in one place; the man page toolbox(1) lists them.
package enum ExitStatus: Int32, Sendable, CaseIterable {
  case done = 0
  case failed = 1
  /// Something is pending; only where an option asks for this code.
  case pending = 2
  /// Refused by a rule or a precondition; nothing was changed.
  case refused = 3
  case usage = 64
  case badData = 65
  case unavailable = 69
  case tryLater = 75
  case tlsRefused = 76
  case noPermission = 77
  case newerDatabase = 78

  package init(_ kind: FailureKind) {
    self =
      switch kind {
      case .failed: .failed
      case .refused: .refused
      case .usage: .usage
      case .badData: .badData
      case .unavailable: .unavailable
      case .tryLater: .tryLater
      case .tlsRefused: .tlsRefused
      case .noPermission: .noPermission
      case .newerDatabase: .newerDatabase
      }
  }

  /// The value to throw from a command that ends with this code and has said why.
  package var exitCode: ExitCode { ExitCode(rawValue) }
}
