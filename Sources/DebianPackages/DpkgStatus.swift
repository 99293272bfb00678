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
    var seen: [String: Int] = [:]

    init(path: String) { self.path = path }

    mutating func take(_ field: Deb822Scanner.Field) throws(Deb822Error) {
      if field.isNamed("Package") {
        try once(field)
        guard Self.isPackageName(field.value) else { throw bad(field) }
        name = field.text
      } else if field.isNamed("Status") {
        try once(field)
        status = try parseStatus(field)
      } else if field.isNamed("Version") {
        try once(field)
        version = DebianVersion(field.value)
      } else if field.isNamed("Architecture") {
        try once(field)
        architecture = field.text
      } else if field.isNamed("Priority") {
        package.priority = PackagePriority(field.value)
      } else if field.isNamed("Section") {
        package.section = field.text
      } else if field.isNamed("Source") {
        package.source = field.text.split(separator: " ").first.map(String.init)
      } else if field.isNamed("Installed-Size") {
        // Some old tools wrote no number here; the size is a courtesy, not a fact to stop for.
        package.installedSizeBytes = Int(field.text).map { $0.multipliedReportingOverflow(by: 1024).partialValue } ?? 0
      } else if field.isNamed("Essential") {
        package.isEssential = field.text == "yes"
      } else if field.isNamed("Protected") {
        package.isProtected = field.text == "yes"
      } else if field.isNamed("Important") {
        package.isImportant = field.text == "yes"
      } else if field.isNamed("Multi-Arch") {
        guard let value = InstalledPackage.MultiArch(rawValue: field.text) else { throw bad(field) }
        package.multiArch = value
      } else if field.isNamed("Pre-Depends") {
        package.preDepends = try relations(field)
      } else if field.isNamed("Depends") {
        package.depends = try relations(field)
      } else if field.isNamed("Recommends") {
        package.recommends = try relations(field)
      } else if field.isNamed("Suggests") {
        package.suggests = try relations(field)
      } else if field.isNamed("Provides") {
        package.provides = try relations(field).flatMap { $0 }
      } else if field.isNamed("Conffiles") {
        package.conffiles = try parseConffiles(field)
      } else if field.isNamed("Description") {
        let firstLine = field.value.prefix { $0 != 0x0A }
        package.synopsis = String(decoding: firstLine, as: UTF8.self)
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

    private mutating func once(_ field: Deb822Scanner.Field) throws(Deb822Error) {
      if let first = seen.updateValue(field.line, forKey: field.nameText.lowercased()) {
        throw .duplicate(path: path, line: field.line, what: "field '\(field.nameText)'", firstLine: first)
      }
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
        var words = String(decoding: line, as: UTF8.self).split(separator: " ")[...]
        var isObsolete = false
        var isRemovedOnUpgrade = false
        while let last = words.last, last == "obsolete" || last == "remove-on-upgrade" {
          isObsolete = isObsolete || last == "obsolete"
          isRemovedOnUpgrade = isRemovedOnUpgrade || last == "remove-on-upgrade"
          words.removeLast()
        }
        if words.isEmpty { continue }
        guard let digest = words.popLast(), !words.isEmpty else { throw bad(field) }
        result.append(
          .init(
            path: words.joined(separator: " "), digest: String(digest), isObsolete: isObsolete,
            isRemovedOnUpgrade: isRemovedOnUpgrade))
      }
      return result
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
