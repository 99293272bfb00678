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
      var name: String?
      var architecture: String?
      var isAutomatic = false
      let stanza = try scanner.nextStanza { (field) throws(Deb822Error) in
        if field.isNamed("Package") {
          name = field.text
        } else if field.isNamed("Architecture") {
          architecture = field.text
        } else if field.isNamed("Auto-Installed") {
          isAutomatic = field.text == "1"
        }
      }
      guard let stanza else { break }
      guard let name else { throw .missingField(path: path, line: stanza.line, field: "Package", package: nil) }
      if isAutomatic { automatic.insert(PackageID(name: name, architecture: architecture ?? "")) }
    }
    self.automatic = automatic
  }
}
