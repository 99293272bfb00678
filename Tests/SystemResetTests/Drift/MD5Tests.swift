import Testing

@testable import SystemReset

@Suite struct MD5Tests {
  private func sum(_ bytes: [UInt8], pieces size: Int) -> String {
    var digest = MD5()
    bytes.withUnsafeBufferPointer { all in
      for start in stride(from: 0, to: all.count, by: size) {
        digest.update(UnsafeBufferPointer(rebasing: all[start..<min(start + size, all.count)]))
      }
    }
    return digest.finish()
  }

  /// The test suite of RFC 1321, A.5.
  @Test(arguments: [
    ("", "d41d8cd98f00b204e9800998ecf8427e"),
    ("a", "0cc175b9c0f1b6a831c399e269772661"),
    ("abc", "900150983cd24fb0d6963f7d28e17f72"),
    ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
    ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
    ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"),
    (
      "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
      "57edf4a22be3c955ac49da2e2107b67a"
    ),
  ])
  func `the sums of RFC 1321, whole and in pieces`(text: String, expected: String) {
    for size in [1, 3, 63, 64, 65, 1000] { #expect(sum(Array(text.utf8), pieces: size) == expected) }
  }

  @Test func `lengths around the blocks do not depend on the pieces`() {
    for length in 50...140 {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
      #expect(sum(bytes, pieces: 1) == sum(bytes, pieces: 4096))
    }
  }
}
