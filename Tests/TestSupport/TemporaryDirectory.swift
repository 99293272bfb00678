import FoundationEssentials
import Glibc

/// A directory that lives as long as the value, or the process, and is then removed with everything in it.
package final class TemporaryDirectory: Sendable {
  package let path: String
  private let leftover: Int

  package init() throws {
    var template = Array("/tmp/toolbox-test-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    let path = String(cString: made)
    self.path = path
    leftover = Leftovers.add { try? FileManager.default.removeItem(atPath: path) }
  }

  /// The path of a file inside.
  package func callAsFunction(_ name: String) -> String { path + "/" + name }

  /// Writes a file inside, with the directories above it, and gives its path.
  @discardableResult
  package func write(_ name: String, _ content: some Sequence<UInt8>) throws -> String {
    let target = URL(fileURLWithPath: self(name))
    try FileManager.default.createDirectory(
      atPath: target.deletingLastPathComponent().path, withIntermediateDirectories: true)
    try Data(content).write(to: target)
    return target.path
  }

  /// Writes a text file inside, with the directories above it, and gives its path.
  @discardableResult
  package func write(_ name: String, text: String) throws -> String {
    try write(name, text.utf8)
  }

  deinit {
    Leftovers.cancel(leftover)
    try? FileManager.default.removeItem(atPath: path)
  }
}
