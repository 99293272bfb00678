import Compression
import Glibc
package import HostSystem

/// The front door: whatever a person has of a profile becomes a ``Profile``.
///
/// Recordings of perf, the text of `perf script`, folded stacks; plain or compressed, from a file, a pipe or standard input.
package enum ProfileReader {
  /// The forms that are told apart by their content.
  package enum Form: String, Sendable {
    case recording
    case scriptText
    case foldedText
  }

  package struct Options: Sendable {
    package var recording: PerfDataReader.Options
    package var text = ScriptTextReader.Options()

    package init(recording: PerfDataReader.Options = PerfDataReader.Options()) { self.recording = recording }

    /// The one event that counts; nil for all.
    package var event: String? {
      get { text.event }
      set {
        text.event = newValue
        recording.event = newValue
      }
    }

    /// Whether frames without a name keep their address.
    package var keepsAddresses: Bool {
      get { text.keepsAddresses }
      set {
        text.keepsAddresses = newValue
        recording.keepsAddresses = newValue
      }
    }
  }

  /// What was read.
  package struct Result: Sendable {
    package var form: Form
    package var profile: Profile
    /// Where folded lines have two counts: the first ones, sample by sample.
    package var before: [UInt64]?
  }

  /// Reads a profile.
  /// - Parameter path: a file, a directory of `record --threads`, or `-` for standard input.
  /// - Throws: ``ProfileInputError``, ``RecordingError``, ``CompressionError``, ``FileError``
  package static func read(_ path: String, options: Options = Options()) throws -> Result {
    var result = try readWhole(path, options)
    result.profile.frames.trim()
    result.profile.stacks.trim()
    return result
  }

  private static func readWhole(_ path: String, _ options: Options) throws -> Result {
    if path == "-" {
      let bytes = try StandardInput.read(limit: streamLimit)
      return try bytes.withUnsafeBufferPointer { try read($0, path: "standard input", options: options) }
    }
    if let bytes = try StandardInput.readIfStream(path, limit: streamLimit) {
      return try bytes.withUnsafeBufferPointer { try read($0, path: path, options: options) }
    }
    let host = RootDirectory()
    let absolute = absolutePath(path)
    if try host.status(of: absolute).kind == .directory {
      guard host.exists(absolute + "/data") else { throw ProfileInputError.noRecording(directory: path) }
      return Result(form: .recording, profile: try PerfDataReader.read(path: path, options: options.recording))
    }
    let file = try host.map(absolute, limit: 1 << 46)
    return try file.withBytes { bytes in
      if PerfDataReader.recognises(bytes) {
        return Result(form: .recording, profile: try PerfDataReader.read(path: path, options: options.recording))
      }
      return try read(bytes, path: path, options: options)
    }
  }

  /// Reads a profile that is in memory.
  /// - Parameter path: what it is called in errors.
  /// - Throws: as ``read(_:options:)``
  package static func read(
    _ bytes: UnsafeBufferPointer<UInt8>, path: String, options: Options = Options()
  ) throws -> Result {
    guard !bytes.isEmpty else { throw ProfileInputError.empty(path: path) }
    guard let format = CompressionFormat(magicOf: bytes) else {
      if PerfDataReader.recognises(bytes) {
        return Result(
          form: .recording, profile: try PerfDataReader.read(bytes, path: path, options: options.recording))
      }
      let beginning = UnsafeBufferPointer(rebasing: bytes.prefix(lookAhead))
      guard let form = textForm(beginning) else { throw ProfileInputError.unknownForm(path: path) }
      var reader = TextReader(form: form, options: options.text)
      reader.feedWhole(bytes)
      return try reader.finish(path: path)
    }
    // The form shows in the first piece; text is then taken as it comes, a recording has to be there as a whole.
    var text: TextReader?
    var recording: [UInt8]?
    var isUnknown = false
    try Decompression.stream(bytes, format) { (piece) throws(CompressionError) in
      if isUnknown || piece.isEmpty { return }
      if text != nil {
        text?.feed(piece)
      } else if let collected = recording?.count {
        guard collected + piece.count <= streamLimit else { throw .tooLarge(format, limit: streamLimit) }
        recording?.append(contentsOf: piece)
      } else if PerfDataReader.recognises(piece) {
        recording = Array(piece)
      } else if let form = textForm(UnsafeBufferPointer(rebasing: piece.prefix(lookAhead))) {
        text = TextReader(form: form, options: options.text)
        text?.feed(piece)
      } else {
        isUnknown = true
      }
    }
    if let recording {
      return try recording.withUnsafeBufferPointer {
        Result(form: .recording, profile: try PerfDataReader.read($0, path: path, options: options.recording))
      }
    }
    guard var text else {
      throw isUnknown ? ProfileInputError.unknownForm(path: path) : ProfileInputError.empty(path: path)
    }
    return try text.finish(path: path)
  }

  /// The most that is collected from a pipe, in bytes.
  private static let streamLimit = 1 << 34
  private static let lookAhead = 64 * 1024

  private struct TextReader {
    let form: Form
    var script: ScriptTextReader
    var folded = FoldedTextReader()

    init(form: Form, options: ScriptTextReader.Options) {
      self.form = form
      script = ScriptTextReader(options: options)
    }

    mutating func feed(_ bytes: UnsafeBufferPointer<UInt8>) {
      if form == .foldedText { folded.feed(bytes) } else { script.feed(bytes) }
    }

    mutating func feedWhole(_ bytes: UnsafeBufferPointer<UInt8>) {
      if form == .foldedText { folded.feed(bytes) } else { script.feedWhole(bytes) }
    }

    mutating func finish(path: String) throws(ProfileInputError) -> Result {
      let (profile, before) = form == .foldedText ? folded.finish() : (script.finish(), nil)
      if profile.accounting.samplesIn == 0, profile.samples.count == 0 { throw .noSample(path: path) }
      return Result(form: form, profile: profile, before: before)
    }
  }

  /// The form of a text, by its first lines; nil where none of them is of either form.
  static func textForm(_ beginning: UnsafeBufferPointer<UInt8>) -> Form? {
    for line in beginning.split(separator: 0x0A) {
      var line = line
      if line.last == 0x0D { line = line.dropLast() }
      guard let first = line.first, first != UInt8(ascii: "#") else { continue }
      if line.contains(0) { return nil }
      // A frame of perf script; the line above it can be anything that `-F` leaves.
      if first == 0x09, ScriptTextReader.frameText(of: UnsafeBufferPointer(rebasing: line)) != nil {
        return .scriptText
      }
      let lastWord = line[(line.lastIndex(of: 0x20).map { $0 + 1 } ?? line.startIndex)...]
      let endsInCount =
        lastWord.count < line.count && lastWord.first.map(isDigit) == true
        && lastWord.allSatisfy { isDigit($0) || $0 == UInt8(ascii: ".") }
      let head = SampleHead(UnsafeBufferPointer(rebasing: line))
      if endsInCount, line.contains(UInt8(ascii: ";")) || head == nil { return .foldedText }
      if head != nil || CompatibleHead(UnsafeBufferPointer(rebasing: line)) != nil { return .scriptText }
    }
    return nil
  }
}

/// A file that holds no profile.
package enum ProfileInputError: ReportableError, Equatable {
  case empty(path: String)
  /// A directory that is none of `perf record --threads`.
  case noRecording(directory: String)
  /// Neither a recording, nor the text of perf script, nor folded stacks.
  case unknownForm(path: String)
  /// The text has the right form and no sample.
  case noSample(path: String)

  package var failureKind: FailureKind { .badData }

  package var message: String {
    switch self {
    case .empty(let path): "\(path): empty; give a perf.data file, the output of perf script, or folded stacks"
    case .noRecording(let path): "\(path): a directory without a recording in it; name the file"
    case .unknownForm(let path):
      "\(path): neither a recording of perf, nor the output of perf script, nor folded stacks"
    case .noSample(let path): "\(path): no sample in it; record for longer, or with another event"
    }
  }
}
