/// A file system and where it stands in the tree.
package struct Mount: Sendable, Equatable {
  /// The device, its `UUID=`, or what a virtual file system has for it.
  package let source: String
  /// Where it stands, as the system knows it; `none` in fstab for swap.
  package let point: String
  package let type: String
  /// Whether it is mounted now; an entry of fstab alone tells only what is meant to be.
  package let isMounted: Bool

  package static let tablePath = "/etc/fstab"
  package static let mountedPath = "/proc/self/mountinfo"

  /// Source: fstab(5): `SOURCE POINT TYPE OPTIONS [DUMP [PASS]]`, `#` for comments, blanks as `\040`.
  package static func parse(table bytes: UnsafeBufferPointer<UInt8>, path: String) -> ParsedFile<Mount> {
    var file = ParsedFile<Mount>()
    var lines = LineReader(bytes)
    while let text = lines.nextText(path, &file) {
      let fields = text.words
      guard let first = fields.first, !first.hasPrefix("#") else { continue }
      guard fields.count >= 3 else {
        file.note(.malformed(path: path, line: lines.line, what: "expected a source, a mount point and a type"))
        continue
      }
      file.entries.append(
        Mount(
          source: unescaped(fields[0]), point: unescaped(fields[1]), type: unescaped(fields[2]), isMounted: false))
    }
    return file
  }

  /// Source: proc(5): `ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAGS ...] - TYPE SOURCE SUPER`.
  package static func parse(mounted bytes: UnsafeBufferPointer<UInt8>, path: String) -> ParsedFile<Mount> {
    var file = ParsedFile<Mount>()
    var lines = LineReader(bytes)
    while let text = lines.nextText(path, &file) {
      let fields = text.split(separator: " ", omittingEmptySubsequences: false)
      if fields.isEmpty || text.isEmpty { continue }
      guard let separator = fields.firstIndex(of: "-"), separator >= 6, fields.count >= separator + 3 else {
        file.note(.malformed(path: path, line: lines.line, what: "no line of the kernel's list of mounts"))
        continue
      }
      file.entries.append(
        Mount(
          source: unescaped(fields[separator + 2]), point: unescaped(fields[4]), type: unescaped(fields[separator + 1]),
          isMounted: true))
    }
    return file
  }

  /// Three octal digits behind a backslash stand for a byte.
  private static func unescaped(_ text: Substring) -> String {
    guard text.utf8.contains(0x5C) else { return String(text) }
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let digits = bytes.dropFirst(index + 1).prefix(3)
      if bytes[index] == 0x5C, digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }) {
        let value = digits.reduce(0) { $0 * 8 + Int($1 - 0x30) }
        result.append(UInt8(truncatingIfNeeded: value))
        index += 4
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
