import Glibc
package import HostSystem
import Subprocess
import SystemPackage

/// Choosing a line out of many with fzf(1), where it is installed.
package struct FuzzyFinder: Sendable {
  private let path: String

  /// - Returns: nil where there is no fzf, or no terminal to show it on. For root only absolute entries of `PATH` count.
  package init?(environment: [String: String], userID: UInt32) {
    guard isatty(0) == 1, isatty(2) == 1, (environment["TERM"] ?? "dumb") != "dumb" else { return nil }
    let directories = (environment["PATH"] ?? "").split(separator: ":").filter { userID != 0 || $0.hasPrefix("/") }
    guard let path = directories.map({ String($0) + "/fzf" }).first(where: { access($0, X_OK) == 0 }) else {
      return nil
    }
    self.path = path
  }

  init(path: String) { self.path = path }

  /// The arguments of the finder. The first word of a line is what is given back; `query` stands in its field at the start.
  func arguments(prompt: String, query: String) -> [String] {
    ["--prompt=\(prompt)", "--height=60%", "--layout=reverse", "--no-multi", "--query=\(query)", "--delimiter=\t"]
  }

  /// Shows lines and waits for a choice.
  /// - Parameter lines: what is given back, and what is shown behind it; foreign text has been made harmless.
  /// - Returns: the chosen one; nil when the person went back.
  package func choose(
    _ lines: [(value: String, text: String)], prompt: String, query: String = ""
  ) async throws(ChildProcess.Failure) -> String? {
    let input = lines.map { $0.text.isEmpty ? $0.value : $0.value + "\t" + $0.text }.joined(separator: "\n")
    do {
      let result = try await Subprocess.run(
        .path(FilePath(path)), arguments: Arguments(arguments(prompt: prompt, query: query)),
        input: .string(input), output: .string(limit: 1 << 20),
        error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false))
      guard case .exited(0) = result.terminationStatus else { return nil }
      let line = result.standardOutput.prefix { $0 != "\n" && $0 != "\t" }
      return line.isEmpty ? nil : String(line)
    } catch {
      throw .notStarted(path: path, what: "\(error)".harmless)
    }
  }
}
