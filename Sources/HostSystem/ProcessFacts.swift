import CHostSystem
import Glibc

/// Opens /dev/null at each of the three standard descriptors that is closed, in the direction that it is not used in: using
/// it fails then as it did before, and no other file can take its number.
package func reserveStandardDescriptors() {
  for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
    _ = open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
  }
}

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
