/// What kind of failure an error is, for the exit code and for scripts that tell failures apart.
package enum FailureKind: Sendable, Equatable {
  /// Something went wrong that no other kind names.
  case failed
  /// A rule or a precondition forbids it; nothing was changed.
  case refused
  /// The command line is wrong.
  case usage
  /// A file or a feed is not what it should be.
  case badData
  /// A service or a program that is needed cannot be had.
  case unavailable
  /// It may work later: a lock is held, a server asked us to wait, a time limit passed.
  case tryLater
  /// The peer of a TLS connection could not be verified.
  case tlsRefused
  /// The caller lacks a right.
  case noPermission
  /// A database was written by a newer version of this program.
  case newerDatabase
}

/// An error that tells an administrator, in one line, what was met where and what to do next.
///
/// Every error that can reach a command conforms to it, so that the commands print all of them in one way.
package protocol ReportableError: Error {
  var failureKind: FailureKind { get }
  /// One line without the program's name and without a final stop. Foreign text in it is made harmless when printed.
  var message: String { get }
}
