import FoundationEssentials
import Glibc
package import HostSystem

/// One line of a run's journal; schema `toolbox.reset.journal/1`.
package struct JournalRecord: Codable, Sendable, Equatable {
  package enum Kind: String, Codable, Sendable {
    /// The first line: what the run is going to do.
    case begin
    /// A step is begun.
    case intent
    /// A step is done.
    case done
    /// A step failed; the run stopped there.
    case failed
    /// Somebody stopped the run between two steps.
    case stopped
    /// The run was taken up again.
    case resumed
    /// Everything is done.
    case end
    /// The run was undone, by the run that is named.
    case undone
  }

  package static let schema = "toolbox.reset.journal/1"
  package var schema = JournalRecord.schema
  package var record: Kind
  /// ISO 8601 in UTC.
  package var time: String
  package var step: String?
  package var message: String?
  package var result: StepResult?
  package var beginning: RunBeginning?

  init(_ record: Kind, _ now: Instant, step: String? = nil) {
    self.record = record
    time = now.description
    self.step = step
  }
}

/// What a step did that an undo or a report needs.
package struct StepResult: Codable, Sendable, Equatable {
  package var files: [ChangedFile] = []
  /// `name:architecture` of what the step installed and removed.
  package var installed: [PackageTransaction.Item] = []
  package var removed: [PackageTransaction.Item] = []
  /// What was left as it was, and why.
  package var notes: [String] = []
  /// Overrides of dpkg's that were taken out, since nobody has their account any more.
  package var overrides: [KeptOverride]?

  package init() {}
}

/// What a run was begun with.
package struct RunBeginning: Codable, Sendable, Equatable {
  package var run: String
  package var version: String
  /// The run that this one undoes.
  package var undoes: String?
  package var administrators: String
  package var steps: [ResetStep]
  /// What can not come back, for a run that undoes.
  package var cannotReturn: [String] = []
}

/// What a journal tells of a run.
package struct JournalState: Sendable {
  package let beginning: RunBeginning
  package let records: [JournalRecord]

  package var results: [String: StepResult] {
    var results: [String: StepResult] = [:]
    for record in records where record.record == .done {
      if let step = record.step { results[step] = record.result ?? StepResult() }
    }
    return results
  }

  package func isDone(_ step: ResetStep) -> Bool { records.contains { $0.record == .done && $0.step == step.id } }
  package func isBegun(_ step: ResetStep) -> Bool { records.contains { $0.record == .intent && $0.step == step.id } }
  package var isFinished: Bool { records.contains { $0.record == .end } }
  package var isUndone: Bool { records.contains { $0.record == .undone } }
  /// The step that failed last, and why; nil after a later success.
  package var failure: JournalRecord? {
    records.last { $0.record == .failed || $0.record == .done || $0.record == .resumed }.flatMap {
      $0.record == .failed ? $0 : nil
    }
  }
}

/// The journal of a run: lines of JSON, appended and on the disk before anything goes on.
package final class Journal {
  static let name = "journal.jsonl"
  private let descriptor: Int32
  private let path: String

  /// Opens the journal for writing; a last line that a kill cut off is taken away first.
  /// - Throws: ``FileError``
  init(_ directory: SecureDirectory) throws(FileError) {
    path = directory.path(of: Self.name)
    descriptor = try directory.openForAppending(Self.name)
    try directory.sync()
  }

  deinit { close(descriptor) }

  /// - Throws: ``FileError``; nothing that the line announces may be done then.
  func write(_ record: JournalRecord) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let line = Array(try encoder.encode(record)) + [0x0A]
    let end = lseek(descriptor, 0, SEEK_END)
    guard end >= 0 else { throw FileError(path: path, code: errno, action: "write") }
    var offset = 0
    while offset < line.count {
      let size = line.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress.map { $0 + offset }, line.count - offset)
      }
      if size >= 0 {
        offset += size
      } else if errno != EINTR {
        throw withdrawn(end, errno)
      }
    }
    guard fdatasync(descriptor) == 0 else { throw withdrawn(end, errno) }
  }

  /// Takes away what a full disk let in of a line: the next line would be joined to it, and neither could be read.
  private func withdrawn(_ end: off_t, _ code: Int32) -> FileError {
    // Where even that fails, the next opening takes it away; what went wrong first is what is told.
    _ = ftruncate(descriptor, end)
    return FileError(path: path, code: code, action: "write")
  }

  /// Reads a journal; a last line without its end does not count.
  /// - Returns: nil when there is none, or nothing whole in it.
  /// - Throws: ``JournalError``, ``FileError``
  static func read(_ directory: SecureDirectory) throws -> JournalState? {
    guard let bytes = try directory.read(name, limit: 256 << 20) else { return nil }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    var records: [JournalRecord] = []
    let whole = bytes.lastIndex(of: 0x0A).map { bytes[..<$0] } ?? []
    for (number, line) in whole.split(separator: 0x0A).enumerated() {
      guard let record = try? decoder.decode(JournalRecord.self, from: Data(line)),
        record.schema == JournalRecord.schema
      else { throw JournalError.damaged(path: directory.path(of: name), line: number + 1) }
      records.append(record)
    }
    guard let beginning = records.first?.beginning else { return nil }
    return JournalState(beginning: beginning, records: records)
  }
}

/// A journal that cannot be followed.
package enum JournalError: ReportableError, Equatable {
  /// A line is no record of this version.
  case damaged(path: String, line: Int)

  package var failureKind: FailureKind { .badData }
  package var message: String {
    switch self {
    case .damaged(let path, let line):
      "\(path):\(line): no record of a run; nothing was changed, restore the file from a backup"
    }
  }
}
