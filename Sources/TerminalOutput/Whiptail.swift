import Glibc
package import HostSystem

/// Dialogues on a terminal, drawn by whiptail(1), which every Debian-family installation has.
package struct Whiptail: Sendable {
  /// A line of a menu or a checklist.
  package struct Item: Sendable, Equatable {
    /// What is given back when it is chosen.
    package let tag: String
    package let text: String
    package let isOn: Bool

    package init(_ tag: String, _ text: String, isOn: Bool = false) {
      self.tag = tag
      self.text = text
      self.isOn = isOn
    }
  }

  /// Why no dialogue can be shown.
  package enum Failure: ReportableError, Equatable {
    case notInstalled
    /// Standard input or output is no terminal.
    case noTerminal
    /// whiptail ended in a way of its own; the text is what it said.
    case failed(String)

    package var failureKind: FailureKind {
      switch self {
      case .notInstalled: .unavailable
      case .noTerminal: .usage
      case .failed: .failed
      }
    }

    package var message: String {
      switch self {
      case .notInstalled: "the dialogues need the program whiptail; install the package 'whiptail', or use the options"
      case .noTerminal: "the dialogues need a terminal; use the options instead (toolbox reset --help)"
      case .failed(let what): "whiptail: \(what)"
      }
    }
  }

  package static let path = "/usr/bin/whiptail"
  /// The most bytes of an answer that are looked at.
  private static let answerLimit = 1 << 20

  private let title: String
  private let rows: Int
  private let columns: Int

  /// - Parameter columns: the width of the terminal.
  /// - Throws: ``Failure/noTerminal``, ``Failure/notInstalled``
  package init(title: String, columns: Int) throws(Failure) {
    guard isatty(0) == 1, isatty(1) == 1 else { throw .noTerminal }
    guard access(Self.path, X_OK) == 0 else { throw .notInstalled }
    self.init(title: title, rows: 24, columns: columns)
  }

  init(title: String, rows: Int, columns: Int) {
    self.title = title
    self.rows = rows
    self.columns = max(40, min(columns - 2, 100))
  }

  /// The arguments of a checklist. Texts stand behind `--`, so that none of them is taken for an option.
  func checklistArguments(_ text: String, _ items: [Item]) -> [String] {
    head + ["--separate-output", "--checklist", "--"] + size(text, items)
      + items.flatMap { [$0.tag, shortened($0.text, $0.tag), $0.isOn ? "ON" : "OFF"] }
  }

  func menuArguments(_ text: String, _ items: [Item]) -> [String] {
    head + ["--menu", "--"] + size(text, items) + items.flatMap { [$0.tag, shortened($0.text, $0.tag)] }
  }

  func inputArguments(_ text: String, _ value: String) -> [String] {
    head + ["--inputbox", "--", text, "10", "\(columns)", value]
  }

  func messageArguments(_ text: String) -> [String] {
    head + ["--scrolltext", "--msgbox", "--", text, "\(rows - 2)", "\(columns)"]
  }

  private var head: [String] { ["--title", title] }

  private func size(_ text: String, _ items: [Item]) -> [String] {
    let list = min(items.count, rows - 10)
    return [text, "\(list + 8)", "\(columns)", "\(list)"]
  }

  private func shortened(_ text: String, _ tag: String) -> String {
    text.truncated(to: max(8, columns - tag.columns - 14))
  }

  /// The tags that were left on; nil when the person went back.
  package func checklist(_ text: String, _ items: [Item]) throws -> Set<String>? {
    try ask(checklistArguments(text, items)).map { Set($0.split(separator: "\n").map(String.init)) }
  }

  /// The tag that was chosen; nil when the person went back.
  package func menu(_ text: String, _ items: [Item]) throws -> String? {
    try ask(menuArguments(text, items))
  }

  /// What was typed; nil when the person went back.
  package func input(_ text: String, value: String) throws -> String? {
    try ask(inputArguments(text, value))
  }

  /// Shows a text until the person has read it.
  package func message(_ text: String) throws {
    _ = try ask(messageArguments(text))
  }

  /// whiptail draws on standard output and writes its answer to standard error.
  private func ask(_ arguments: [String]) throws -> String? {
    let pipe = try ProcessPipe(for: Self.path)
    let process = try StartedProcess(
      Self.path, arguments, environment: nil, input: .descriptor(0), output: .descriptor(1),
      errors: .descriptor(pipe.write))
    let bytes = process.output(through: pipe, limit: Self.answerLimit)
    let status = process.waitForEnd()
    let answer = String(decoding: bytes, as: UTF8.self)
    switch status {
    case 0: return answer
    // Cancel, and the escape key.
    case 1: return nil
    case 255 where answer.isEmpty: return nil
    default: throw Failure.failed(answer.harmless)
    }
  }
}
