import Glibc
package import HostSystem

/// Choosing a line out of many with fzf(1), where it is installed.
package struct FuzzyFinder: Sendable {
  /// The most bytes of an answer that are looked at.
  private static let answerLimit = 1 << 20

  private let path: String

  /// - Returns: nil where there is no fzf, or no terminal to show it on. For root only absolute entries of `PATH` count.
  package init?(environment: [String: String], userID: UInt32) {
    guard isatty(0) == 1, isatty(2) == 1, (environment["TERM"] ?? "dumb") != "dumb" else { return nil }
    guard let path = ProgramStart.path(of: "fzf", environment: environment, onlyAbsolute: userID == 0) else {
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
  /// - Throws: ``ProgramStart/Failure``
  package func choose(
    _ lines: [(value: String, text: String)], prompt: String, query: String = ""
  ) throws(ProgramStart.Failure) -> String? {
    let input = lines.map { $0.text.isEmpty ? $0.value : $0.value + "\t" + $0.text }.joined(separator: "\n")
    let pipe = try ProcessPipe(for: path)
    let process = try StartedProcess(
      path, arguments(prompt: prompt, query: query), environment: nil, input: .bytes(Array(input.utf8)),
      output: .descriptor(pipe.write), errors: .descriptor(2))
    let output = process.output(through: pipe, limit: Self.answerLimit)
    guard process.waitForEnd() == 0 else { return nil }
    let line = String(decoding: output, as: UTF8.self).prefix { $0 != "\n" && $0 != "\t" }
    return line.isEmpty ? nil : String(line)
  }
}
