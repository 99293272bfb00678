package import Compression
import Glibc
package import HostSystem

/// One of apt's package lists, held in memory: a mapped file, or the content of a compressed one.
package final class ArchiveList: Sendable {
  /// Where the packages of the list come from.
  package let origin: ArchiveOrigin
  /// The path for messages.
  package let path: String
  private let content: Content
  /// One entry a stanza, in the order of the file.
  let entries: [Entry]

  private enum Content: Sendable {
    case mapped(MappedFile)
    case opened([UInt8])
  }

  /// What every stanza is asked for while the list is read; everything else is read from the stanza when it is needed.
  struct Entry: Sendable {
    let stanza: Range<UInt32>
    let name: Range<UInt32>
    let version: Range<UInt32>
    let architecture: Range<UInt32>
    let priority: PackagePriority?
    let isEssential: Bool
    let hasProvides: Bool
    let hasTask: Bool
  }

  /// The largest list that is opened, in bytes; the whole of Debian is a fourth of it.
  private static let sizeLimit = 1 << 30

  /// Reads a list of any of the forms that apt stores.
  /// - Parameter path: the path inside the root.
  /// - Throws: ``FileError``, ``ArchiveListError``
  package init(reading path: String, of root: RootDirectory, origin: ArchiveOrigin) throws {
    let file = try root.map(path)
    let shown = root.hostPath(path)
    self.path = shown
    self.origin = origin
    let isCompressed = file.withBytes { CompressionFormat(magicOf: $0) != nil }
    // Shorter than its first bytes, a compressed list looks like a plain one.
    if !isCompressed, let format = CompressionFormat(endingOf: path) {
      throw ArchiveListError.compressed(path: shown, file.count < 6 ? .cut(format) : .damaged(format, "no such data"))
    }
    if isCompressed {
      do {
        let limit = Self.sizeLimit
        let opened = try file.withBytes { (bytes) throws(CompressionError) in
          try Decompression.open(bytes, limit: limit)
        }
        content = .opened(opened)
      } catch {
        throw ArchiveListError.compressed(path: shown, error)
      }
    } else {
      content = .mapped(file)
    }
    entries = try Self.withBytes(content) { (bytes) throws(ArchiveListError) in try Self.scan(bytes, path: shown) }
  }

  private static func withBytes<Result, Failure: Error>(
    _ content: Content, _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch content {
    case .mapped(let file): return try file.withBytes(body)
    case .opened(let array):
      // The closure of an array's own accessor rethrows untyped errors only.
      let result: Swift.Result<Result, Failure> = array.withUnsafeBufferPointer { bytes in
        do throws(Failure) { return .success(try body(bytes)) } catch { return .failure(error) }
      }
      return try result.get()
    }
  }

  /// Calls `body` with the whole content; it must not escape.
  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    Self.withBytes(content) { (bytes) throws(Never) in body(bytes) }
  }

  /// Finds the stanzas, and in each the few fields that every package is asked for.
  ///
  /// Lists hold a hundred megabytes on some machines, so a line is looked at only as far as its first letters need it.
  private static func scan(_ bytes: UnsafeBufferPointer<UInt8>, path: String) throws(ArchiveListError) -> [Entry] {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return [] }
    guard bytes.count < Int(UInt32.max) else {
      throw .malformed(path: path, line: 0, what: "the list is larger than 4 GiB")
    }
    guard bytes[bytes.count - 1] == 0x0A else {
      throw .malformed(path: path, line: lineNumber(bytes, bytes.count), what: "the list ends in the middle of a line")
    }
    var entries: [Entry] = []
    entries.reserveCapacity(bytes.count / 700)
    var offset = 0
    let end = bytes.count
    while offset < end {
      if base[offset] == 0x0A {
        offset += 1
        continue
      }
      let start = offset
      var name = 0..<0
      var version = 0..<0
      var architecture = 0..<0
      var priority: PackagePriority?
      var isEssential = false
      var hasProvides = false
      var hasTask = false
      /// Takes a value that a stanza has once; a second one means that the empty line between two stanzas is lost.
      func take(_ value: Range<Int>, into place: inout Range<Int>) throws(ArchiveListError) {
        guard place.isEmpty else {
          throw .malformed(
            path: path, line: lineNumber(bytes, value.lowerBound),
            what: "two packages without an empty line between them")
        }
        place = value
      }
      while offset < end, base[offset] != 0x0A {
        let line = offset
        guard let newline = memchr(base + line, 0x0A, end - line) else { break }
        let lineEnd = UnsafeRawPointer(newline) - UnsafeRawPointer(base)
        offset = lineEnd + 1
        switch base[line] {
        case 0x20, 0x09: continue
        case UInt8(ascii: "P"):
          if let value = value(base, line, lineEnd, "Package:") {
            try take(value, into: &name)
          } else if let value = self.value(base, line, lineEnd, "Priority:") {
            priority = PackagePriority(UnsafeBufferPointer(rebasing: bytes[value]))
          } else if self.value(base, line, lineEnd, "Provides:") != nil {
            hasProvides = true
          }
        case UInt8(ascii: "V"):
          if let value = value(base, line, lineEnd, "Version:") { try take(value, into: &version) }
        case UInt8(ascii: "A"):
          if let value = value(base, line, lineEnd, "Architecture:") { try take(value, into: &architecture) }
        case UInt8(ascii: "E"):
          if let value = value(base, line, lineEnd, "Essential:") {
            isEssential = value.count == 3 && base[value.lowerBound] == 0x79
          }
        case UInt8(ascii: "T"):
          if value(base, line, lineEnd, "Task:") != nil { hasTask = true }
        case let byte where (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7A: continue
        default: throw .malformed(path: path, line: lineNumber(bytes, line), what: "expected 'Field: value'")
        }
      }
      guard !name.isEmpty, !version.isEmpty, !architecture.isEmpty else {
        throw .malformed(
          path: path, line: lineNumber(bytes, start), what: "the stanza lacks Package, Version or Architecture")
      }
      entries.append(
        Entry(
          stanza: UInt32(start)..<UInt32(offset), name: UInt32(name.lowerBound)..<UInt32(name.upperBound),
          version: UInt32(version.lowerBound)..<UInt32(version.upperBound),
          architecture: UInt32(architecture.lowerBound)..<UInt32(architecture.upperBound), priority: priority,
          isEssential: isEssential, hasProvides: hasProvides, hasTask: hasTask))
    }
    return entries
  }

  /// The place of a field's value, without blanks at its ends; nil when the line is another field's.
  @inline(__always)
  private static func value(
    _ base: UnsafePointer<UInt8>, _ line: Int, _ lineEnd: Int, _ field: StaticString
  ) -> Range<Int>? {
    let length = field.utf8CodeUnitCount
    guard lineEnd - line >= length, memcmp(base + line, field.utf8Start, length) == 0 else { return nil }
    var (start, end) = (line + length, lineEnd)
    while start < end, base[start] == 0x20 || base[start] == 0x09 { start += 1 }
    while end > start, base[end - 1] == 0x20 || base[end - 1] == 0x0D { end -= 1 }
    return start..<end
  }

  static func lineNumber(_ bytes: UnsafeBufferPointer<UInt8>, _ offset: Int) -> Int {
    bytes[..<offset].reduce(1) { $1 == 0x0A ? $0 + 1 : $0 }
  }
}

/// A package list that could not be read.
package enum ArchiveListError: ReportableError, Equatable {
  /// The compressed form is cut or damaged.
  case compressed(path: String, CompressionError)
  /// The list is kept in a compressed form that this program does not open.
  case unknownForm(path: String)
  /// The content is no package list, or was cut; lines count from 1.
  case malformed(path: String, line: Int, what: String)

  package var failureKind: FailureKind { .badData }

  package var message: String {
    switch self {
    case .compressed(let path, let error): "\(path): \(error.message); run 'apt update'"
    case .unknownForm(let path):
      "\(path): compressed in a form that is not read here; set Acquire::GzipIndexes to false and run 'apt update'"
    case .malformed(let path, let line, let what): "\(path):\(line): \(what); run 'apt update'"
    }
  }
}

/// Where a package list comes from, as its Release file says.
package struct ArchiveOrigin: Sendable, Hashable {
  /// Who publishes it (`Debian`, `Ubuntu`, `Docker`); empty where the archive does not say.
  package let origin: String
  package let label: String
  package let suite: String
  package let codename: String
  /// `NotAutomatic: yes`: nothing is installed from it unless asked for (backports, experimental).
  package let isNotAutomatic: Bool
  /// The beginning of the list's file name: the address with slashes as underscores.
  package let site: String

  package init(
    origin: String, label: String = "", suite: String = "", codename: String = "", isNotAutomatic: Bool = false,
    site: String = ""
  ) {
    self.origin = origin
    self.label = label
    self.suite = suite
    self.codename = codename
    self.isNotAutomatic = isNotAutomatic
    self.site = site
  }

  /// Reads the head of a `Release` or `InRelease` file; the signature around it is not looked at, apt did that.
  package init(parsingRelease bytes: UnsafeBufferPointer<UInt8>, site: String) {
    var fields: [String: String] = [:]
    for line in bytes.split(separator: 0x0A, maxSplits: 200) {
      guard let colon = line.firstIndex(of: 0x3A), let first = line.first, first != 0x20 else { continue }
      let name = String(decoding: line[..<colon], as: UTF8.self)
      // The sums of the files follow: the head is over.
      if name == "MD5Sum" || name == "SHA256" { break }
      fields[name] = String(decoding: line[line.index(after: colon)...], as: UTF8.self).trimmingSpaces
    }
    self.init(
      origin: fields["Origin"] ?? "", label: fields["Label"] ?? "", suite: fields["Suite"] ?? "",
      codename: fields["Codename"] ?? "", isNotAutomatic: fields["NotAutomatic"] == "yes", site: site)
  }
}

extension String {
  var trimmingSpaces: String {
    var text = self[...]
    while let first = text.first, first == " " || first == "\t" || first == "\r" { text.removeFirst() }
    while let last = text.last, last == " " || last == "\t" || last == "\r" { text.removeLast() }
    return String(text)
  }
}
