import HostSystem

/// dpkg's own record of the packages of a system, `/var/lib/dpkg/status`.
package struct DpkgStatus: Sendable {
  /// Every stanza, in the order of the file; packages that are not installed (but known to dpkg) among them.
  package let packages: [InstalledPackage]
  /// Whether the file ends without the empty line that dpkg writes behind the last stanza; it may have been cut there.
  package let endsAbruptly: Bool

  package static let path = "/var/lib/dpkg/status"

  /// Reads the record strictly: what cannot be understood is an error, since a plan from half a record would be wrong.
  /// - Parameter path: only for the messages of errors.
  /// - Throws: ``Deb822Error``
  package init(parsing bytes: UnsafeBufferPointer<UInt8>, path: String) throws(Deb822Error) {
    var scanner = Deb822Scanner(bytes, path: path)
    var packages: [InstalledPackage] = []
    var firstLines: [PackageID: Int] = [:]
    while true {
      var draft = Draft(path: path)
      guard let stanza = try scanner.nextStanza({ (field) throws(Deb822Error) in try draft.take(field) }) else { break }
      let package = try draft.finish(line: stanza.line)
      if let first = firstLines.updateValue(stanza.line, forKey: package.id) {
        throw .duplicate(path: path, line: stanza.line, what: "package '\(package.id)'", firstLine: first)
      }
      packages.append(package)
    }
    guard !packages.isEmpty else { throw .noStanza(path: path) }
    self.packages = packages
    endsAbruptly = !bytes.suffix(2).elementsEqual([0x0A, 0x0A])
  }

  /// A stanza while its fields come in.
  private struct Draft {
    let path: String
    var name: String?
    var architecture: String?
    var version: DebianVersion?
    var status: (InstalledPackage.Selection, Bool, InstalledPackage.State)?
    var package = InstalledPackage(
      id: PackageID(name: "", architecture: ""), version: DebianVersion(""), selection: .unknown,
      needsReinstallation: false, state: .notInstalled)
    /// The line in which each known field was met; 0 for those that were not.
    var firstLines = [Int](repeating: 0, count: Known.allCases.count)

    /// The fields that a plan is made from. A second one in a stanza is an error, as for dpkg.
    enum Known: Int, CaseIterable {
      case package, status, version, architecture, priority, section, source, installedSize, essential, protected
      case important, multiArch, preDepends, depends, recommends, suggests, provides, replaces, conffiles
      case description

      var name: StaticString {
        switch self {
        case .package: "Package"
        case .status: "Status"
        case .version: "Version"
        case .architecture: "Architecture"
        case .priority: "Priority"
        case .section: "Section"
        case .source: "Source"
        case .installedSize: "Installed-Size"
        case .essential: "Essential"
        case .protected: "Protected"
        case .important: "Important"
        case .multiArch: "Multi-Arch"
        case .preDepends: "Pre-Depends"
        case .depends: "Depends"
        case .recommends: "Recommends"
        case .suggests: "Suggests"
        case .provides: "Provides"
        case .replaces: "Replaces"
        case .conffiles: "Conffiles"
        case .description: "Description"
        }
      }
    }

    static let known = Known.allCases

    init(path: String) { self.path = path }

    mutating func take(_ field: Deb822Scanner.Field) throws(Deb822Error) {
      guard let known = Self.known.first(where: { field.isNamed($0.name) }) else { return }
      let first = firstLines[known.rawValue]
      guard first == 0 else {
        throw .duplicate(path: path, line: field.line, what: "field '\(field.nameText)'", firstLine: first)
      }
      firstLines[known.rawValue] = field.line
      switch known {
      case .package:
        guard Self.isPackageName(field.value) else { throw bad(field) }
        name = field.text
      case .status: status = try parseStatus(field)
      case .version:
        guard Self.isWord(field.value) else { throw bad(field) }
        version = DebianVersion(field.value)
      case .architecture:
        guard Self.isWord(field.value) else { throw bad(field) }
        architecture = field.text
      case .priority: package.priority = PackagePriority(field.value)
      case .section: package.section = field.text
      case .source: package.source = field.text.split(separator: " ").first.map(String.init)
      case .installedSize: package.installedSizeBytes = InstalledPackage.size(field.text, unit: 1024)
      case .essential: package.isEssential = field.text == "yes"
      case .protected: package.isProtected = field.text == "yes"
      case .important: package.isImportant = field.text == "yes"
      case .multiArch:
        guard let value = InstalledPackage.MultiArch(rawValue: field.text) else { throw bad(field) }
        package.multiArch = value
      case .preDepends: package.preDepends = try relations(field)
      case .depends: package.depends = try relations(field)
      case .recommends: package.recommends = try relations(field)
      case .suggests: package.suggests = try relations(field)
      case .provides: package.provides = try relations(field).flatMap { $0 }
      case .replaces: package.replaces = try relations(field).flatMap { $0 }.map(\.name)
      case .conffiles: package.conffiles = try parseConffiles(field)
      case .description: package.synopsis = String(decoding: field.value.prefix { $0 != 0x0A }, as: UTF8.self)
      }
    }

    consuming func finish(line: Int) throws(Deb822Error) -> InstalledPackage {
      guard let name else { throw .missingField(path: path, line: line, field: "Package", package: nil) }
      guard let status else { throw .missingField(path: path, line: line, field: "Status", package: name) }
      (package.selection, package.needsReinstallation, package.state) = status
      if package.state != .notInstalled {
        // dpkg drops version and architecture only of what is not installed at all.
        guard let version else { throw .missingField(path: path, line: line, field: "Version", package: name) }
        package.version = version
        if package.isPresent, architecture == nil {
          throw .missingField(path: path, line: line, field: "Architecture", package: name)
        }
      }
      package.id = PackageID(name: name, architecture: architecture ?? "")
      return package
    }

    private func bad(_ field: Deb822Scanner.Field) -> Deb822Error {
      .badValue(path: path, line: field.line, field: field.nameText, value: String(field.text.prefix(60)).harmless)
    }

    private func parseStatus(
      _ field: Deb822Scanner.Field
    ) throws(Deb822Error) -> (InstalledPackage.Selection, Bool, InstalledPackage.State) {
      let words = field.text.split(separator: " ")
      guard words.count == 3, let selection = InstalledPackage.Selection(rawValue: String(words[0])),
        words[1] == "ok" || words[1] == "reinstreq", let state = InstalledPackage.State(rawValue: String(words[2]))
      else { throw bad(field) }
      return (selection, words[1] == "reinstreq", state)
    }

    private func relations(_ field: Deb822Scanner.Field) throws(Deb822Error) -> [[PackageRelation]] {
      guard let groups = PackageRelation.groups(field.value) else { throw bad(field) }
      return groups
    }

    /// Lines of ` /path digest [obsolete] [remove-on-upgrade]`; a path may hold spaces.
    private func parseConffiles(_ field: Deb822Scanner.Field) throws(Deb822Error) -> [InstalledPackage.Conffile] {
      var result: [InstalledPackage.Conffile] = []
      for line in field.value.split(separator: 0x0A) {
        var rest = line[...]
        var isObsolete = false
        var isRemovedOnUpgrade = false
        var word = Self.removeLastWord(&rest)
        if word.isEmpty { continue }
        while word == "obsolete" || word == "remove-on-upgrade" {
          isObsolete = isObsolete || word == "obsolete"
          isRemovedOnUpgrade = isRemovedOnUpgrade || word == "remove-on-upgrade"
          word = Self.removeLastWord(&rest)
        }
        let path = String(decoding: rest.drop { $0 == 0x20 }, as: UTF8.self)
        guard !path.isEmpty else { throw bad(field) }
        result.append(
          .init(path: path, digest: word, isObsolete: isObsolete, isRemovedOnUpgrade: isRemovedOnUpgrade))
      }
      return result
    }

    /// Takes the last word off a line, with the blanks around it.
    private static func removeLastWord(_ line: inout Slice<UnsafeBufferPointer<UInt8>>) -> String {
      while line.last == 0x20 { line.removeLast() }
      let word = line.lastIndex(of: 0x20).map { line[($0 + 1)...] } ?? line
      line.removeLast(word.count)
      while line.last == 0x20 { line.removeLast() }
      return String(decoding: word, as: UTF8.self)
    }

    private static func isWord(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
      !bytes.isEmpty && bytes.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }

    /// Letters, digits, `+`, `-` and `.`, beginning with a letter or digit. Capitals are met in old vendor packages.
    private static func isPackageName(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
      func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
      }
      guard let first = bytes.first, isAlphanumeric(first) else { return false }
      return bytes.allSatisfy { isAlphanumeric($0) || $0 == 0x2B || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F }
    }
  }
}
