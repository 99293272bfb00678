package import HostSystem

/// A configuration file that cannot be used. Lines and columns count from 1.
package enum ConfigurationError: ReportableError, Equatable {
  /// The text is no YAML.
  case notYAML(path: String, line: Int, column: Int, what: String)
  /// A key that no such file has.
  case unknownKey(path: String, line: Int, column: Int, key: String, known: [String])
  /// A value of another kind than its key takes.
  case badValue(path: String, line: Int, column: Int, key: String, expected: String)
  /// Somebody besides its owner may write the file, or it is not root's where it must be.
  case unsafeFile(path: String, what: String)

  package var failureKind: FailureKind {
    switch self {
    case .unsafeFile: .refused
    case .notYAML, .unknownKey, .badValue: .badData
    }
  }

  package var message: String {
    switch self {
    case .notYAML(let path, let line, let column, let what): "\(path):\(line):\(column): not YAML: \(what)"
    case .unknownKey(let path, let line, let column, let key, let known):
      "\(path):\(line):\(column): unknown key '\(key)'; known are \(known.joined(separator: ", "))"
    case .badValue(let path, let line, let column, let key, let expected):
      "\(path):\(line):\(column): '\(key)' takes \(expected)"
    case .unsafeFile(let path, let what): "\(path): \(what); nothing was done"
    }
  }
}
