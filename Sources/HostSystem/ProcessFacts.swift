import Glibc

/// The environment of this process; of variables that stand there twice the first counts, as for getenv(3).
package func currentEnvironment() -> [String: String] {
  var result: [String: String] = [:]
  var entry = environ
  while let pointer = entry.pointee {
    let text = String(cString: pointer)
    if let separator = text.firstIndex(of: "=") {
      let name = String(text[..<separator])
      if result[name] == nil { result[name] = String(text[text.index(after: separator)...]) }
    }
    entry += 1
  }
  return result
}
