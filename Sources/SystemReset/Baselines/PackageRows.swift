import DebianPackages
import HostSystem

/// The forms with one package a line: names, versions, selections, and the layers that are differences of those.
struct PackageRows {
  private typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

  private let path: String
  private var content: BaselineFile.Content
  private var seen: Set<PackageID> = []
  private var versions = 0
  private var selections = 0
  private var duplicates = 0
  private var firstDuplicate: Int?
  private var deselected = 0
  private var rows = 0
  private var malformed: [(line: Int, text: String)] = []
  private var installerParts = InstallerParts()

  /// The most lines that may be passed over as no names of packages, and the share of all lines that they may have.
  private static let malformedLimit = 5
  private static let malformedShare = 10

  static func content(
    _ bytes: UnsafeBufferPointer<UInt8>, head: TextLines.Line, path: String
  ) throws(BaselineFileError) -> BaselineFile.Content {
    let isLayer = isDifference(head.trimmed)
    if !isLayer { try refuseListing(head, path: path) }
    var reader = PackageRows(path: path, isLayer: isLayer)
    for line in TextLines(bytes) { try reader.take(line) }
    return try reader.finish()
  }

  private init(path: String, isLayer: Bool) {
    self.path = path
    content = BaselineFile.Content(format: isLayer ? .layer : .names)
  }

  private static func isDifference(_ line: Bytes) -> Bool {
    line.first == 0x2B || ["--- ", "@@ ", "diff ", "Index: "].contains { line.starts(with: $0.utf8) }
  }

  /// Listings that people take for lists of packages.
  private static func refuseListing(_ line: TextLines.Line, path: String) throws(BaselineFileError) {
    let text = String(decoding: line.trimmed.prefix(120), as: UTF8.self)
    if text.hasPrefix("Desired=") || text.hasPrefix("ii  ") || text.hasPrefix("||/ ") {
      throw .otherDocument(
        path: path, line: line.number, what: "this is a listing of 'dpkg -l', which cuts names",
        remedy: "give the output of 'dpkg-query -W'")
    }
    if text.hasPrefix("Listing...") || text.contains("[installed") {
      throw .otherDocument(
        path: path, line: line.number, what: "this is a listing of 'apt list', which is made for people",
        remedy: "give the output of 'dpkg-query -W'")
    }
    if text.hasPrefix("-----BEGIN PGP") {
      throw .otherDocument(
        path: path, line: line.number, what: "this is a signed message", remedy: "give the list without its signature")
    }
  }

  private mutating func take(_ line: TextLines.Line) throws(BaselineFileError) {
    for byte in line.bytes where byte < 0x20 && byte != 0x09 || byte == 0x7F {
      throw .controlCharacter(path: path, line: line.number, byte: byte)
    }
    if line.bytes.contains(where: { $0 >= 0x80 }), String(validating: line.bytes, as: UTF8.self) == nil {
      throw .notUTF8(path: path, line: line.number)
    }
    if line.isBlank || line.isComment { return }
    guard content.format == .layer else { return takeRow(line, line.bytes, isWithdrawn: false) }
    let heads = ["--- ", "+++ ", "@@", "diff ", "index ", "Index: ", "\\", "==="]
    if heads.contains(where: { line.bytes.starts(with: $0.utf8) }) { return }
    switch line.bytes.first {
    case 0x2B, 0x20: takeRow(line, line.bytes.dropFirst(), isWithdrawn: false)
    case 0x2D: takeRow(line, line.bytes.dropFirst(), isWithdrawn: true)
    default: takeRow(line, line.bytes, isWithdrawn: false)
    }
  }

  private mutating func takeRow(_ line: TextLines.Line, _ bytes: Bytes, isWithdrawn: Bool) {
    let row = Self.trimmed(Self.withoutComment(bytes))
    if row.isEmpty { return }
    rows += 1
    let nameEnd = row.firstIndex { $0 == 0x20 || $0 == 0x09 } ?? row.endIndex
    let word = row[..<nameEnd]
    let rest = Self.trimmed(row[nameEnd...])
    if word.starts(with: "snap:".utf8) {
      takeSnap(line, word.dropFirst(5), rest, isWithdrawn: isWithdrawn)
      return
    }
    let colon = word.firstIndex(of: 0x3A)
    let name = word[..<(colon ?? word.endIndex)]
    let qualifier = colon.map { word[word.index(after: $0)...] }
    guard Self.isPackageName(name), qualifier.map(Self.isArchitecture) ?? true else { return reject(line) }
    var version: String?
    if !rest.isEmpty {
      if let isSelected = Self.selection(rest) {
        selections += 1
        guard isSelected else {
          deselected += 1
          return
        }
      } else if Self.isVersion(rest) {
        versions += 1
        version = String(decoding: rest, as: UTF8.self)
      } else {
        return reject(line)
      }
    }
    let nameText = String(decoding: name, as: UTF8.self)
    if isWithdrawn {
      content.withdrawn.insert(nameText)
      return
    }
    var architecture = qualifier.map { String(decoding: $0, as: UTF8.self) }
    // These say nothing about which of several it is.
    if architecture == "any" || architecture == "native" { architecture = nil }
    guard seen.insert(PackageID(name: nameText, architecture: architecture ?? "")).inserted else {
      duplicates += 1
      firstDuplicate = firstDuplicate ?? line.number
      return
    }
    installerParts.take(nameText, line: line.number)
    content.members.append(Baseline.Member(name: nameText, architecture: architecture, version: version))
  }

  private mutating func takeSnap(_ line: TextLines.Line, _ name: Bytes, _ rest: Bytes, isWithdrawn: Bool) {
    guard Self.isPackageName(name) else { return reject(line) }
    if isWithdrawn { return }
    let columns = rest.split { $0 == 0x20 || $0 == 0x09 }.map { String(decoding: $0, as: UTF8.self).harmless }
    content.snaps.append(
      BaselineFile.Snap(
        name: String(decoding: name, as: UTF8.self), channel: columns.first,
        revision: columns.count > 1 ? columns[1] : nil))
  }

  private mutating func reject(_ line: TextLines.Line) {
    malformed.append((line.number, line.excerpt))
  }

  private consuming func finish() throws(BaselineFileError) -> BaselineFile.Content {
    if let first = malformed.first,
      malformed.count > Self.malformedLimit || malformed.count * Self.malformedShare > rows
    {
      throw .malformedLines(path: path, line: first.line, text: first.text, count: malformed.count, of: rows)
    }
    if let part = installerParts.verdict(members: content.members.count) {
      throw .installerEnvironment(path: path, line: part.line, package: part.name)
    }
    content.withdrawn.subtract(content.members.map(\.name))
    if content.members.isEmpty, content.withdrawn.isEmpty { throw .noPackage(path: path) }
    for (line, text) in malformed {
      content.notes.append("\(path):\(line): '\(text)' is not the name of a package; passed over")
    }
    if let firstDuplicate {
      content.notes.append("\(path):\(firstDuplicate): \(duplicates) of its lines name a package a second time")
    }
    if deselected > 0 { content.notes.append("\(path): \(deselected) of its packages are marked as removed") }
    if content.format == .names {
      if selections > versions { content.format = .selections } else if versions > 0 { content.format = .versions }
    }
    return content
  }

  // MARK: Words

  static func trimmed(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Slice<UnsafeBufferPointer<UInt8>> {
    var (start, end) = (bytes.startIndex, bytes.endIndex)
    while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
    while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 || bytes[end - 1] == 0x0D { end -= 1 }
    return bytes[start..<end]
  }

  /// Without what follows a `#` that stands at the beginning or behind a blank.
  private static func withoutComment(_ bytes: Bytes) -> Bytes {
    var previous: UInt8 = 0x20
    for index in bytes.indices {
      if bytes[index] == 0x23, previous == 0x20 || previous == 0x09 { return bytes[..<index] }
      previous = bytes[index]
    }
    return bytes
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
  }

  /// Letters, digits, `+`, `-`, `.` and `_`, beginning with a letter or digit, as dpkg takes them in its status.
  static func isPackageName(_ bytes: some Collection<UInt8>) -> Bool {
    guard let first = bytes.first, isAlphanumeric(first), bytes.count <= 200 else { return false }
    return bytes.allSatisfy { isAlphanumeric($0) || $0 == 0x2B || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F }
  }

  static func isArchitecture(_ bytes: some Collection<UInt8>) -> Bool {
    guard let first = bytes.first, isAlphanumeric(first), bytes.count <= 60 else { return false }
    return bytes.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
  }

  /// A word of the characters of a version with a digit in it. Source: deb-version(7).
  static func isVersion(_ bytes: some Collection<UInt8>) -> Bool {
    var hasDigit = false
    for byte in bytes {
      if (0x30...0x39).contains(byte) {
        hasDigit = true
      } else if !isAlphanumeric(byte), ![0x2E, 0x2B, 0x2D, 0x3A, 0x7E, 0x5F].contains(byte) {
        return false
      }
    }
    return hasDigit && bytes.count <= 300
  }

  /// Whether the word is one of dpkg's selections, and one that means that the package is there.
  private static func selection(_ bytes: Bytes) -> Bool? {
    if bytes.elementsEqual("install".utf8) || bytes.elementsEqual("hold".utf8) { return true }
    if bytes.elementsEqual("deinstall".utf8) || bytes.elementsEqual("purge".utf8) { return false }
    return nil
  }
}

/// Tells the record of the installer's own environment by the packages that only it has.
struct InstallerParts {
  private var first: (name: String, line: Int)?
  private var count = 0
  private var hasKernel = false

  mutating func take(_ name: String, line: Int) {
    let isKernel = name.hasPrefix("kernel-image-") && name.hasSuffix("-di")
    guard isKernel || name.hasSuffix("-udeb") else { return }
    count += 1
    hasKernel = hasKernel || isKernel
    first = first ?? (name, line)
  }

  /// The first such package, when there are enough of them to tell.
  func verdict(members: Int) -> (name: String, line: Int)? {
    hasKernel || count * 10 >= members ? first : nil
  }
}
