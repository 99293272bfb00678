import DebianPackages
import HostSystem

/// A baseline in the form of dpkg's status: the installer's record, or a copy from another system.
///
/// Only the few fields that say what was installed are looked at, so that a status of any age does; carriage returns and
/// comments, which dpkg itself would refuse, may have come with a copy.
enum StatusBaseline {
  static func content(
    _ bytes: UnsafeBufferPointer<UInt8>, path: String
  ) throws(BaselineFileError) -> BaselineFile.Content {
    var scanner = Deb822Scanner(bytes, path: path, allowsComments: true, allowsCarriageReturns: true)
    var content = BaselineFile.Content(format: .status)
    var seen: Set<PackageID> = []
    var parts = InstallerParts()
    var (absent, duplicates, firstDuplicate) = (0, 0, 0)
    while let stanza = try next(&scanner, path: path) {
      guard let name = stanza.name?.text else {
        throw .stanza(.missingField(path: path, line: stanza.line, field: "Package", package: nil))
      }
      guard PackageRows.isPackageName(name.utf8) else {
        throw .malformedLines(path: path, line: stanza.line, text: String(name.prefix(60)).harmless, count: 1, of: 1)
      }
      let (architecture, version) = (stanza.architecture, stanza.version)
      if let architecture, !PackageRows.isArchitecture(architecture.text.utf8) {
        throw bad("Architecture", architecture, path: path)
      }
      if let version, version.text.isEmpty || version.text.utf8.contains(where: { $0 <= 0x20 }) {
        throw bad("Version", version, path: path)
      }
      guard let status = stanza.status else {
        if stanza.isOffer { throw .archiveList(path: path, line: stanza.line, package: name) }
        throw .stanza(.missingField(path: path, line: stanza.line, field: "Status", package: name))
      }
      let words = status.text.split(separator: " ")
      guard words.count == 3, let state = InstalledPackage.State(rawValue: String(words[2])),
        let wanted = InstalledPackage.Selection(rawValue: String(words[0]))
      else { throw bad("Status", status, path: path) }
      let isThere = state != .notInstalled && state != .configFiles && state != .halfInstalled
      guard isThere, wanted == .install || wanted == .hold else {
        absent += 1
        continue
      }
      let id = PackageID(name: name, architecture: architecture?.text ?? "")
      guard seen.insert(id).inserted else {
        duplicates += 1
        if firstDuplicate == 0 { firstDuplicate = stanza.line }
        continue
      }
      parts.take(name, line: stanza.line)
      content.members.append(
        Baseline.Member(name: name, architecture: architecture?.text, version: version?.text))
    }
    if let part = parts.verdict(members: content.members.count) {
      throw .installerEnvironment(path: path, line: part.line, package: part.name)
    }
    if content.members.isEmpty { throw .noPackage(path: path) }
    if absent > 0 { content.notes.append("\(path): \(absent) of its packages were removed when it was written") }
    if duplicates > 0 {
      content.notes.append("\(path):\(firstDuplicate): \(duplicates) of its stanzas name a package a second time")
    }
    return content
  }

  private static func bad(_ field: String, _ found: Deb822Scanner.FieldText, path: String) -> BaselineFileError {
    .stanza(
      .badValue(path: path, line: found.line, field: field, value: String(found.text.prefix(60)).harmless))
  }

  private struct Stanza {
    var line = 0
    var name: Deb822Scanner.FieldText?
    var status: Deb822Scanner.FieldText?
    var architecture: Deb822Scanner.FieldText?
    var version: Deb822Scanner.FieldText?
    /// It has what only an archive's list says: where the file is fetched from.
    var isOffer = false
  }

  private static func next(
    _ scanner: inout Deb822Scanner, path: String
  ) throws(BaselineFileError) -> Stanza? {
    var stanza = Stanza()
    do {
      let found = try scanner.nextStanza { (field) throws(Deb822Error) in
        if field.isNamed("Package") {
          try field.take(into: &stanza.name, path: path)
        } else if field.isNamed("Status") {
          try field.take(into: &stanza.status, path: path)
        } else if field.isNamed("Architecture") {
          try field.take(into: &stanza.architecture, path: path)
        } else if field.isNamed("Version") {
          try field.take(into: &stanza.version, path: path)
        } else if field.isNamed("Filename") || field.isNamed("SHA256") || field.isNamed("MD5sum") {
          stanza.isOffer = true
        }
      }
      guard let found else { return nil }
      stanza.line = found.line
      return stanza
    } catch {
      throw .stanza(error)
    }
  }
}
