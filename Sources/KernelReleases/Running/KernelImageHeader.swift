import HostSystem

/// The version that a kernel image of x86 carries in its header.
///
/// Source: the kernel's Documentation/arch/x86/boot.rst, fields `header` and `kernel_version`. Images of other architectures
/// have none: arm64's and riscv's headers hold no version, and the others are compressed from their first byte.
package enum KernelImageHeader {
  /// The place of the mark "HdrS".
  private static let mark = 0x202
  /// The place of the 16-bit number that says where the version stands, counted from ``setup``.
  private static let pointer = 0x20E
  /// Where the part of the image begins that the number counts from.
  private static let setup = 0x200
  /// No version is longer; the kernel's own texts have 64 bytes each.
  private static let longest = 512

  /// So many bytes from the beginning of an image hold every header and its version.
  static let size = setup + 0xFFFF + longest

  /// - Parameter bytes: the beginning of an image.
  /// - Returns: what the image says of itself; nil when it is no image of x86, or says nothing.
  package static func strings(_ bytes: [UInt8]) -> KernelStrings? {
    guard bytes.count > pointer + 1, bytes[mark..<mark + 4].elementsEqual("HdrS".utf8) else { return nil }
    // Before version 2.00 of the protocol (Linux 1.3.73) the number was not there.
    guard bytes[mark + 5] >= 2 else { return nil }
    let offset = Int(bytes[pointer]) | Int(bytes[pointer + 1]) << 8
    let start = setup + offset
    guard offset > 0, start < bytes.count else { return nil }
    let text = bytes[start...].prefix(longest).prefix { $0 != 0 }
    guard start + text.count < bytes.count, text.count < longest, !text.isEmpty,
      text.allSatisfy({ (0x20...0x7E).contains($0) })
    else { return nil }
    let words = String(decoding: text, as: UTF8.self)
    // `6.1.0-37-amd64 (builder) #1 SMP Debian 6.1.140-1 (2025-05-22)`: the banner without its first two words.
    return KernelStrings(banner: "Linux version " + words)
  }

  /// Reads the header of an image below a root.
  /// - Returns: nil when the file says nothing or cannot be read; it is often root's alone.
  static func read(_ path: String, of root: RootDirectory) -> KernelStrings? {
    (try? root.beginning(of: path, count: size)).flatMap(strings)
  }
}
