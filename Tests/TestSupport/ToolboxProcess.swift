import FoundationEssentials
import Subprocess
import SystemPackage

/// The program itself, run as an administrator would run it.
package enum ToolboxProcess {
  /// What a finished program left behind.
  package struct Outcome: Sendable {
    /// The exit code; 128 + n after death by signal n.
    package let status: Int32
    package let output: String
    package let errors: String
  }

  /// The binary under test: `TOOLBOX_BINARY` (`make test` sets it to the release binary), else the one that was built
  /// beside the tests.
  package static var path: String {
    if let path = ProcessInfo.processInfo.environment["TOOLBOX_BINARY"], !path.isEmpty { return path }
    let bundle = CommandLine.arguments[0]
    return bundle.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/toolbox"
  }

  /// Runs `toolbox` with these arguments and waits for it.
  /// - Parameter environment: added to a small, fixed environment (`PATH`, `LC_ALL=C.UTF-8`, `HOME=/nonexistent`).
  package static func run(
    _ arguments: [String], environment: [String: String] = [:], workingDirectory: String? = nil
  ) async throws -> Outcome {
    try await run(path: path, arguments, environment: environment, workingDirectory: workingDirectory)
  }

  /// Runs any program by its path, with the same environment; for the peers and the tools that a test needs.
  package static func run(
    path: String, _ arguments: [String], environment: [String: String] = [:], workingDirectory: String? = nil
  ) async throws -> Outcome {
    var variables = [
      "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
      "HOME": "/nonexistent",
    ]
    variables.merge(environment) { $1 }
    let result = try await Subprocess.run(
      .path(FilePath(path)), arguments: Arguments(arguments),
      environment: .custom(
        Dictionary(uniqueKeysWithValues: variables.map { (Environment.Key(stringLiteral: $0.key), $0.value) })),
      workingDirectory: workingDirectory.map { FilePath($0) },
      output: .bytes(limit: 64 << 20), error: .bytes(limit: 16 << 20))
    let status: Int32 =
      switch result.terminationStatus {
      case .exited(let code): code
      case .signaled(let signal): 128 + signal
      }
    return Outcome(
      status: status, output: String(decoding: result.standardOutput, as: UTF8.self),
      errors: String(decoding: result.standardError, as: UTF8.self))
  }

  /// What a run needed.
  package struct Measurement: Sendable {
    /// The most memory that was resident at one time.
    package let peakKiB: Int
    package let seconds: Double
  }

  /// Runs `toolbox` and measures it with time(1): that is small, so that the figure of a child, which counts what its parent
  /// was before the program began, is the program's own.
  package static func measured(
    _ arguments: [String], environment: [String: String] = [:]
  ) async throws -> (outcome: Outcome, measurement: Measurement) {
    let directory = try TemporaryDirectory()
    let outcome = try await run(
      path: "/usr/bin/time", ["-q", "-f", "%M %e", "-o", directory("figures"), path] + arguments,
      environment: environment)
    let words = String(decoding: try Data(contentsOf: URL(fileURLWithPath: directory("figures"))), as: UTF8.self)
      .split { $0.isWhitespace }
    guard words.count == 2, let peak = Int(words[0]), let seconds = Double(words[1]) else {
      throw CocoaError(.fileReadCorruptFile)
    }
    return (outcome, Measurement(peakKiB: peak, seconds: seconds))
  }
}
