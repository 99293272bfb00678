import DebianPackages
import HostSystem
import TestSupport
import Testing

@testable import KernelReleases

/// The header of kernel images.
@Suite struct KernelImageHeaderTests {
  static let text =
    "6.1.0-37-amd64 (debian-kernel@lists.debian.org) #1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)"

  /// An image of x86 with nothing in it but a header.
  static func image(_ text: String, at offset: Int = 0x3000, protocolVersion: UInt8 = 2, size: Int = 0x8000) -> [UInt8]
  {
    var bytes = [UInt8](repeating: 0, count: size)
    bytes.replaceSubrange(0x202..<0x206, with: "HdrS".utf8)
    bytes[0x207] = protocolVersion
    bytes[0x20E] = UInt8(offset & 0xFF)
    bytes[0x20F] = UInt8(offset >> 8)
    if 0x200 + offset + text.utf8.count < size {
      bytes.replaceSubrange(0x200 + offset..<0x200 + offset + text.utf8.count, with: text.utf8)
    }
    return bytes
  }

  @Test func `an image of x86 says what uname would say`() throws {
    let strings = try #require(KernelImageHeader.strings(Self.image(Self.text)))
    #expect(strings.release == "6.1.0-37-amd64")
    #expect(strings.version == "#1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)")
    let identity = KernelIdentity(strings, vendors: try VendorTable.shipped())
    #expect(identity.upstream == KernelVersion("6.1.140"))
    #expect(identity.packageVersion?.text == "6.1.140-1")
  }

  @Test func `the farthest place is still read`() throws {
    let bytes = Self.image(Self.text, at: 0xFFFF, size: KernelImageHeader.size)
    #expect(KernelImageHeader.strings(bytes)?.release == "6.1.0-37-amd64")
  }

  @Test(
    arguments: [
      [], Array("HdrS".utf8), [UInt8](repeating: 0, count: 0x8000), image(text, at: 0), image(text, protocolVersion: 1),
      image(text, at: 0xFFFF), image("6.1\u{1B}[31m"), image(""), image(String(repeating: "6", count: 600)),
      Array(image(text)[..<0x3210]), Array(image(text)[..<0x20F]),
      // arm64's header, with MZ for EFI and its mark at 0x38; an image that is compressed from its first byte.
      Array("MZ".utf8) + [UInt8](repeating: 0, count: 0x36) + Array("ARM\u{64}".utf8)
        + [UInt8](repeating: 7, count: 0x8000),
      [0x1F, 0x8B, 8, 0] + [UInt8](repeating: 0x48, count: 0x8000),
    ] as [[UInt8]])
  func `what has no version in its header says nothing`(bytes: [UInt8]) {
    #expect(KernelImageHeader.strings(bytes) == nil)
  }

  @Test func `links are followed inside the root and what is no file is passed over`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("usr/lib/kernels/image", Self.image(Self.text))
    try directory.write("boot/other", text: "x")
    #expect(symlinked("/usr/lib/kernels/image", directory("boot/vmlinuz-6.1.0-37-amd64")))
    #expect(symlinked("/boot/loop", directory("boot/loop")))
    let root = RootDirectory(directory.path)
    #expect(KernelImageHeader.read("/boot/vmlinuz-6.1.0-37-amd64", of: root)?.release == "6.1.0-37-amd64")
    for name in ["loop", "none", "", "other"] { #expect(KernelImageHeader.read("/boot/" + name, of: root) == nil) }
  }
}
