/// apt's record of the packages that were installed only because others need them, `/var/lib/apt/extended_states`.
package struct ExtendedStates: Sendable {
  /// The packages that are marked automatic, as the file names them. A package without a stanza is manual.
  private let automatic: Set<PackageID>

  package static let path = "/var/lib/apt/extended_states"

  /// No marks at all: everything counts as manual.
  package init() { automatic = [] }

  /// Whether a package is marked automatic.
  ///
  /// apt files a package of architecture `all` under the native architecture. Stanzas without an architecture, which apt
  /// wrote before it knew several, are for any.
  package func isAutomatic(_ id: PackageID, nativeArchitecture: String) -> Bool {
    automatic.contains(id) || automatic.contains(PackageID(name: id.name, architecture: ""))
      || (id.architecture == "all" && automatic.contains(PackageID(name: id.name, architecture: nativeArchitecture)))
  }

  /// - Parameter path: only for the messages of errors.
  /// - Throws: ``Deb822Error``
  package init(parsing bytes: UnsafeBufferPointer<UInt8>, path: String) throws(Deb822Error) {
    var scanner = Deb822Scanner(bytes, path: path)
    var automatic: Set<PackageID> = []
    while true {
      var name: Deb822Scanner.FieldText?
      var architecture: Deb822Scanner.FieldText?
      var mark: Deb822Scanner.FieldText?
      let stanza = try scanner.nextStanza { (field) throws(Deb822Error) in
        if field.isNamed("Package") {
          try field.take(into: &name, path: path)
        } else if field.isNamed("Architecture") {
          try field.take(into: &architecture, path: path)
        } else if field.isNamed("Auto-Installed") {
          try field.take(into: &mark, path: path)
        }
      }
      guard let stanza else { break }
      guard let name else { throw .missingField(path: path, line: stanza.line, field: "Package", package: nil) }
      if mark?.text == "1" { automatic.insert(PackageID(name: name.text, architecture: architecture?.text ?? "")) }
    }
    self.automatic = automatic
  }
}
