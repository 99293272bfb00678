import Glibc

/// What is wrong with a small file of a system's state, and where. Such a file is read as far as it can be understood: a
/// problem is told to the person and the rest counts.
package enum StateFileProblem: ReportableError, Equatable {
  /// A line or a record is not of the form that the file has.
  case malformed(path: String, line: Int, what: String)
  /// The file ends inside a record.
  case cut(path: String, line: Int)
  /// A line holds a NUL byte; it is left out.
  case forbiddenByte(path: String, line: Int)
  /// Lines end in CR LF; the program that owns the file may read them otherwise.
  case carriageReturns(path: String, line: Int)

  package var failureKind: FailureKind { .badData }

  package var message: String {
    switch self {
    case .malformed(let path, let line, let what): "\(path):\(line): \(what); correct the line"
    case .cut(let path, let line): "\(path):\(line): the file ends inside a record; restore it from a backup"
    case .forbiddenByte(let path, let line): "\(path):\(line): a NUL byte is no text; correct the line"
    case .carriageReturns(let path, let line):
      "\(path):\(line): lines end in CR LF; convert the file with dos2unix(1) or sed(1)"
    }
  }
}

/// What a file held, and what was wrong with it. After ``problemLimit`` problems the others are not kept.
package struct ParsedFile<Entry: Sendable>: Sendable {
  /// What could be understood, in the order of the file.
  package var entries: [Entry] = []
  /// The first ``problemLimit`` of them.
  package private(set) var problems: [StateFileProblem] = []

  /// A file of 100,000 bad lines is one bad file, not 100,000 messages.
  package static var problemLimit: Int { 20 }

  package init() {}

  /// Keeps a problem, while there are not too many.
  package mutating func note(_ problem: StateFileProblem) {
    if problems.count < Self.problemLimit { problems.append(problem) }
  }
}

extension ParsedFile: Equatable where Entry: Equatable {}

/// The lines of a text, without their ends. The last one counts with or without a line feed.
package struct LineReader {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var offset = 0
  /// The number of the line that was returned last, from 1.
  package private(set) var line = 0
  /// The first line that ended in CR LF; nil when none did.
  package private(set) var firstCarriageReturn: Int?

  package init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// - Returns: nil at the end of the text.
  package mutating func next() -> UnsafeBufferPointer<UInt8>? {
    guard offset < bytes.count, let base = bytes.baseAddress else { return nil }
    let start = offset
    var end = bytes.count
    if let newline = memchr(base + start, 0x0A, bytes.count - start) {
      end = UnsafeRawPointer(newline) - UnsafeRawPointer(base)
    }
    offset = end + 1
    line += 1
    if end > start, base[end - 1] == 0x0D {
      end -= 1
      if firstCarriageReturn == nil { firstCarriageReturn = line }
    }
    return UnsafeBufferPointer(rebasing: bytes[start..<end])
  }

  /// The next line that may hold something: NUL bytes become a problem, and their line is left out.
  package mutating func nextText<Entry>(_ path: String, _ file: inout ParsedFile<Entry>) -> String? {
    while let line = next() {
      if line.contains(0) {
        file.note(.forbiddenByte(path: path, line: self.line))
        continue
      }
      return String(decoding: line, as: UTF8.self)
    }
    if let firstCarriageReturn { file.note(.carriageReturns(path: path, line: firstCarriageReturn)) }
    return nil
  }
}

extension StringProtocol {
  /// The words between blanks and tabs.
  package var words: [SubSequence] { split(whereSeparator: { $0 == " " || $0 == "\t" }) }
}
