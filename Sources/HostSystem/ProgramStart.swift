import CHostSystem
import Glibc

/// Becoming another program.
package enum ProgramStart {
  /// Why a program did not start.
  package struct Failure: ReportableError, Equatable {
    package let path: String
    /// The number of the system's error: mostly what execve(2) left.
    package let code: Int32

    package init(path: String, code: Int32) {
      self.path = path
      self.code = code
    }

    package var failureKind: FailureKind { .unavailable }
    package var message: String { "\(path): cannot be started: \(String(cString: strerror(code)))" }
  }

  /// Where execvp(3) would find a program; nil where it finds none that may be run.
  /// - Parameters:
  ///   - name: taken as a path when there is a slash in it.
  ///   - onlyAbsolute: passes over entries of `PATH` that depend on where one stands.
  package static func path(of name: String, environment: [String: String], onlyAbsolute: Bool = false) -> String? {
    if name.contains("/") { return access(name, X_OK) == 0 ? name : nil }
    let entries = (environment["PATH"] ?? "/bin:/usr/bin").split(separator: ":", omittingEmptySubsequences: false)
    return entries.filter { !onlyAbsolute || $0.hasPrefix("/") }.map { ($0.isEmpty ? "." : String($0)) + "/" + name }
      .first { access($0, X_OK) == 0 }
  }

  /// Replaces this process by a program, with the terminal, the working directory and the environment as they are. Signals
  /// do in it what they do in a program that a shell starts.
  /// - Parameter arguments: without the program's own name; each arrives as it is.
  /// - Returns: never, unless it throws.
  package static func become(_ path: String, name: String, _ arguments: [String]) throws(Failure) -> Never {
    var pointers = ([name] + arguments).map { strdup($0) } + [nil]
    let code = toolbox_become(path, &pointers)
    for pointer in pointers { free(pointer) }
    throw Failure(path: path, code: code)
  }
}
