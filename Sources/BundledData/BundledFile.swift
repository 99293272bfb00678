package import DataTree

/// A file of `Data/`, compiled into the binary: text as it stands, YAML as a ``DataTree``.
package struct BundledFile: Sendable {
  /// The path below `Data/`, for example `kernel/releases.tsv`.
  package let path: StaticString
  private let content: StaticString

  init(path: StaticString, content: StaticString) {
    self.path = path
    self.content = content
  }

  /// Every bundled file, sorted by path.
  package static var files: [BundledFile] { all }

  /// The file at a path below `Data/`; nil when there is none.
  package static func at(_ path: String) -> BundledFile? {
    all.first { $0.path.description == path }
  }

  /// The files directly inside a folder of `Data/` (`perf/recipes`), sorted by path.
  package static func inside(_ folder: String) -> [BundledFile] {
    let prefix = folder + "/"
    return all.filter { file in
      let path = file.path.description
      return path.hasPrefix(prefix) && !path.dropFirst(prefix.count).contains("/")
    }
  }

  /// The bytes of a text file; for YAML, its encoded form.
  package func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    // StaticString's own accessor cannot rethrow; its bytes live as long as the program.
    try body(UnsafeBufferPointer(start: content.utf8Start, count: content.utf8CodeUnitCount))
  }

  /// The text of a file that is not YAML.
  package var text: String { content.description }

  /// The document of a YAML file; nil for any other file.
  package var tree: DataTree? {
    path.description.hasSuffix(".yaml") ? DataTree(bundled: content) : nil
  }
}
