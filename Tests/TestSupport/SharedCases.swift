import FoundationEssentials

/// Real cases that are not part of the project: they lie beside the checkout, in `../shared/data`.
package enum SharedCases {
  /// The path of a case; nil when the folder is not there, and the test then skips with ``reason``.
  package static func path(_ name: String) -> String? {
    let path = projectDirectory + "/../shared/data/" + name
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  package static func isPresent(_ name: String) -> Bool { path(name) != nil }

  package static let reason = "the shared cases are not beside this checkout"

  /// The checkout that these tests were built from.
  package static var projectDirectory: String {
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
  }
}
