import Glibc
package import HostSystem

/// Where a new password may be shown: the controlling terminal, or a descriptor that the caller gave for it. Nowhere else.
package struct PasswordRecipient: Sendable {
  private let descriptor: Int32
  private let isTerminal: Bool

  /// Opened before anything is changed: without one, a password would be lost as soon as it is set.
  /// - Parameter given: the number of a descriptor; nil for the terminal.
  /// - Throws: ``PasswordRecipientError``
  package init(given: Int32?) throws(PasswordRecipientError) {
    if let given {
      // The three standard ones go into logs and files.
      guard given > 2 else { throw .standardDescriptor(given) }
      let flags = fcntl(given, F_GETFL)
      guard flags >= 0, flags & O_ACCMODE != O_RDONLY else { throw .notWritable(given) }
      var status = stat()
      guard fstat(given, &status) == 0 else { throw .notWritable(given) }
      if status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 != 0 { throw .readable(given) }
      _ = fcntl(given, F_SETFD, FD_CLOEXEC)
      descriptor = given
      isTerminal = false
    } else {
      descriptor = open("/dev/tty", O_WRONLY | O_NOCTTY | O_CLOEXEC)
      guard descriptor >= 0 else { throw .noTerminal }
      isTerminal = true
    }
  }

  /// - Throws: ``FileError``; the password is set then and was not shown: set a new one.
  package func show(_ password: FreshPassword, of name: String) throws(FileError) {
    signal(SIGPIPE, SIG_IGN)
    guard isTerminal else { return try password.write(to: descriptor, name: "descriptor \(descriptor)") }
    let text = Array("Password of '\(name.harmless)', to be changed at the first login: ".utf8)
    guard text.withUnsafeBytes({ Glibc.write(descriptor, $0.baseAddress, text.count) }) == text.count else {
      throw FileError(path: "/dev/tty", code: errno, action: "write")
    }
    try password.write(to: descriptor, name: "/dev/tty")
  }
}

/// Why there is nowhere to show a password; nothing was changed.
package enum PasswordRecipientError: ReportableError, Equatable {
  /// There is no controlling terminal.
  case noTerminal
  /// The descriptor is one of the three that go into logs.
  case standardDescriptor(Int32)
  /// The descriptor is not open for writing.
  case notWritable(Int32)
  /// The descriptor is a file that others may read.
  case readable(Int32)

  package var failureKind: FailureKind { .usage }

  package var message: String {
    switch self {
    case .noTerminal:
      "there is no terminal to show the password on; name a descriptor with --backup-password-fd, or a key with --backup-key"
    case .standardDescriptor(let number):
      "--backup-password-fd \(number): what goes there may be logged; take a descriptor above 2"
    case .notWritable(let number): "--backup-password-fd \(number): the descriptor is not open for writing"
    case .readable(let number): "--backup-password-fd \(number): others may read the file; give it mode 0600"
    }
  }
}
