package import Configuration
import Glibc
package import HostSystem
package import TerminalOutput

/// Everything a command may touch besides its arguments. The live one is made in `run()`; tests make their own.
package struct CommandContext {
  /// Results go here and nowhere else.
  package let standardOutput: OutputStream
  /// Everything that is not a result.
  package let standardError: OutputStream
  package let environment: [String: String]
  /// The effective user id.
  package let userID: UInt32
  package let now: @Sendable () -> Instant
  /// What `--color` said, else the configuration.
  package let color: ColorChoice
  /// What the configuration files say.
  package let settings: Settings

  /// The settings of this run, read before its command begins.
  @TaskLocal package static var settings = Settings()

  package init(
    standardOutput: OutputStream, standardError: OutputStream, environment: [String: String], userID: UInt32,
    now: @escaping @Sendable () -> Instant, color: ColorChoice, settings: Settings = Settings()
  ) {
    self.standardOutput = standardOutput
    self.standardError = standardError
    self.environment = environment
    self.userID = userID
    self.now = now
    self.color = color
    self.settings = settings
  }

  /// The context of the running process.
  /// - Parameter color: what `--color` said; nil where it was not given.
  package static func live(color: ColorChoice? = nil) -> CommandContext {
    let settings = Self.settings
    return CommandContext(
      standardOutput: OutputStream(descriptor: 1), standardError: OutputStream(descriptor: 2),
      environment: currentEnvironment(), userID: geteuid(),
      now: { Instant(secondsSinceEpoch: time(nil)) },
      color: color ?? settings.color.flatMap { ColorChoice(rawValue: $0.value) } ?? .auto, settings: settings)
  }

  /// The terminal behind standard output.
  package var terminal: TerminalFacts { TerminalFacts.of(1, color: color, environment: environment) }

  /// Hands over all output, and fails when some of it was lost (a full disk behind a redirection).
  package func finish() throws {
    standardOutput.flush()
    standardError.flush()
    if let code = standardOutput.failure { throw FileError(path: "standard output", code: code, action: "write") }
  }
}

extension CommandContext {
  /// The path of this program's own file; nil where /proc is not there.
  static var executable: String? { RootDirectory().linkTarget("/proc/self/exe") }
}
