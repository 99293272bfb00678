import Compression
import DebianPackages
import HostSystem

/// A file that says what is stock, in whatever form: the form is found out from the bytes, never declared. Pure; nothing
/// is opened here.
///
/// | form | looks like |
/// |---|---|
/// | names | one `name[:arch]` a line |
/// | versions | `name[:arch]`, a tab or spaces, a version; rows of `snap:NAME`, channel and revision among them |
/// | selections | what `dpkg --get-selections` prints: `name[:arch]`, blanks, `install`, `hold`, `deinstall` or `purge` |
/// | layer | a unified diff whose `+` lines are of the forms above, as for the layers of Ubuntu's images |
/// | status | stanzas of dpkg's status; `initial-status.gz` is one |
/// | saved | JSON written by `toolbox reset baseline save`, see ``BaselineDocument`` |
///
/// Any of them may be compressed (gzip, xz, lz4, zstd), begin with a byte order mark, end its lines with CR LF, hold blank
/// lines and comments (from `#` on), blanks at the ends of lines, and the same package twice.
package struct BaselineFile: Sendable, Equatable {
  /// The form of a file.
  package enum Format: String, Sendable { case names, versions, selections, layer, status, saved }

  /// A snap of the file.
  package struct Snap: Sendable, Hashable {
    /// The name that snapd knows it by.
    package let name: String
    /// The channel that it follows, `stable/ubuntu-24.04`; nil where the file does not say.
    package let channel: String?
    /// The revision; nil where the file does not say.
    package let revision: String?
  }

  /// The path that it was read from, for messages.
  package let path: String
  package let format: Format
  /// The packages in the order of the file, each once.
  package let members: [Baseline.Member]
  package let snaps: [Snap]
  /// The names that a layer takes away from the layers below it.
  package let withdrawn: Set<String>
  /// The day of the record, `YYYY-MM-DD`: of a saved baseline its own, of a gzip file that of the packing.
  package let date: String?
  /// The system that a saved baseline is of; nil for every other form.
  package let system: BaselineDocument.System?
  /// What a person should know: lines that were passed over.
  package let notes: [String]

  /// The most bytes that a file may have when it is opened.
  private static let sizeLimit = 256 << 20

  /// Reads a file.
  /// - Parameter bytes: the whole file, compressed or not.
  /// - Parameter path: only for messages.
  /// - Throws: ``BaselineFileError``
  package init(parsing bytes: [UInt8], path: String) throws(BaselineFileError) {
    let opened: Result<(content: [UInt8], packed: String?), BaselineFileError> = bytes.withUnsafeBufferPointer { raw in
      do throws(CompressionError) {
        let content = try Decompression.open(raw, limit: Self.sizeLimit)
        return .success((content, CompressionFormat(magicOf: raw) == .gzip ? Self.packingDay(raw) : nil))
      } catch {
        return .failure(.compressed(path: path, reason: error.message))
      }
    }
    let (content, packed) = try opened.get()
    let parsed: Result<Content, BaselineFileError> = content.withUnsafeBufferPointer { raw in
      do throws(BaselineFileError) {
        return .success(try Self.parse(raw, path: path))
      } catch {
        return .failure(error)
      }
    }
    let file = try parsed.get()
    self.path = path
    format = file.format
    members = file.members
    snaps = file.snaps
    withdrawn = file.withdrawn
    date = file.date ?? packed
    system = file.system
    notes = file.notes
  }

  /// The day in the head of a gzip file. Source: RFC 1952, MTIME; 0 means that there is none.
  private static func packingDay(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
    guard bytes.count >= 8 else { return nil }
    let seconds = (4..<8).reversed().reduce(0) { $0 << 8 | Int(bytes[$1]) }
    return seconds == 0 ? nil : CalendarDay(Instant(secondsSinceEpoch: seconds)).description
  }

  /// What the readers of the forms hand over.
  struct Content {
    var format: Format
    var members: [Baseline.Member] = []
    var snaps: [Snap] = []
    var withdrawn: Set<String> = []
    var date: String?
    var system: BaselineDocument.System?
    var notes: [String] = []
  }

  private static func parse(
    _ whole: UnsafeBufferPointer<UInt8>, path: String
  ) throws(BaselineFileError) -> Content {
    var bytes = whole
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { throw .notUTF8(path: path, line: 1) }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = UnsafeBufferPointer(rebasing: bytes[3...]) }
    guard let head = TextLines(bytes).first(where: { !$0.isBlank && !$0.isComment }) else {
      if let nul = TextLines(bytes).first(where: { $0.bytes.contains(0) }) {
        throw .nulByte(path: path, line: nul.number)
      }
      throw .empty(path: path)
    }
    if let nul = bytes.firstIndex(of: 0) {
      throw .nulByte(path: path, line: bytes[..<nul].reduce(1) { $1 == 0x0A ? $0 + 1 : $0 })
    }
    switch head.trimmed.first {
    case 0x3C: throw .markup(path: path, line: head.number)
    case 0x7B, 0x5B: return try BaselineDocument.content(bytes, path: path)
    default: break
    }
    if head.isField { return try StatusBaseline.content(bytes, path: path) }
    return try PackageRows.content(bytes, head: head, path: path)
  }
}

/// The lines of a text, found in place.
struct TextLines: Sequence, IteratorProtocol {
  /// One line, without its LF or CR LF.
  struct Line {
    let bytes: Slice<UnsafeBufferPointer<UInt8>>
    /// From 1.
    let number: Int

    /// Without the blanks at its two ends.
    var trimmed: Slice<UnsafeBufferPointer<UInt8>> { PackageRows.trimmed(bytes) }
    var isBlank: Bool { trimmed.isEmpty }
    var isComment: Bool { trimmed.first == 0x23 }
    /// `Field:` with a blank or nothing behind the colon, as in a stanza; a package's architecture stands close to it.
    var isField: Bool {
      guard let first = bytes.first, first | 0x20 >= 0x61, first | 0x20 <= 0x7A,
        let colon = bytes.firstIndex(of: 0x3A)
      else { return false }
      guard bytes[..<colon].allSatisfy({ $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A || $0 == 0x2D }) else { return false }
      let next = bytes.index(after: colon)
      return next == bytes.endIndex || bytes[next] == 0x20 || bytes[next] == 0x09
    }
    /// The beginning of the line, for messages.
    var excerpt: String { String(decoding: trimmed.prefix(60), as: UTF8.self).harmless }
  }

  private let bytes: UnsafeBufferPointer<UInt8>
  private var offset = 0
  private var number = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  mutating func next() -> Line? {
    guard offset < bytes.count else { return nil }
    let start = offset
    var end = start
    while end < bytes.count, bytes[end] != 0x0A { end += 1 }
    offset = end + 1
    number += 1
    if end > start, bytes[end - 1] == 0x0D { end -= 1 }
    return Line(bytes: bytes[start..<end], number: number)
  }
}

extension BaselineFile {
  /// Reads a file of the host.
  /// - Throws: ``FileError``, ``BaselineFileError``
  package static func read(_ path: String) throws -> BaselineFile {
    try BaselineFile(parsing: try RootDirectory().read(path, limit: 64 << 20), path: path)
  }
}
