import CHostSystem
import Glibc

/// A path that means the same from any working directory; nothing in it is resolved.
package func absolutePath(_ path: String) -> String {
  if path.hasPrefix("/") { return path }
  guard let current = getcwd(nil, 0) else { return path }
  defer { free(current) }
  return String(cString: current) + "/" + path
}

/// The arguments of this process without the program's own name. `CommandLine.arguments` is empty where /proc is not mounted.
package func currentArguments() -> [String] {
  (1..<max(1, toolbox_argument_count())).map { String(cString: toolbox_argument($0)) }
}

/// The place, from 1, of the first argument that is no UTF-8; nil where all are. ``currentArguments()`` changes such ones.
package func placeOfForeignArgument() -> Int? {
  (1..<max(1, toolbox_argument_count())).first { String(validatingCString: toolbox_argument($0)) == nil }.map(Int.init)
}

/// The environment that this process began with; of variables that stand there twice the first counts, as for getenv(3).
package func currentEnvironment() -> [String: String] { firstEnvironment }

/// Read once: of a large environment that takes as long as many a command.
private let firstEnvironment: [String: String] = {
  var count = 0
  while environ[count] != nil { count += 1 }
  var result = [String: String](minimumCapacity: count)
  var entry = environ
  while let pointer = entry.pointee {
    let text = String(cString: pointer)
    // Among the bytes: a value may begin with a sign that joins what is before it.
    if let separator = text.utf8.firstIndex(of: UInt8(ascii: "=")) {
      let name = String(text[..<separator])
      if result[name] == nil { result[name] = String(text[text.utf8.index(after: separator)...]) }
    }
    entry += 1
  }
  return result
}()
