@testable import DebianPackages

/// Calls `body` with the bytes of a text; for readers that take a buffer.
func withBytes<Result, Failure: Error>(
  _ bytes: [UInt8], _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
) throws(Failure) -> Result {
  let result: Swift.Result<Result, Failure> = bytes.withUnsafeBufferPointer { buffer in
    do throws(Failure) { return .success(try body(buffer)) } catch { return .failure(error) }
  }
  return try result.get()
}

/// Reads a status document under the path `status`.
func parseStatus(_ text: String) throws(Deb822Error) -> DpkgStatus { try parseStatus(Array(text.utf8)) }

func parseStatus(_ bytes: [UInt8]) throws(Deb822Error) -> DpkgStatus {
  try withBytes(bytes) { (buffer) throws(Deb822Error) in try DpkgStatus(parsing: buffer, path: "status") }
}

/// Every document that begins as this one does, and every one that differs from it in a single byte.
func forEachDamagedForm(of document: [UInt8], _ body: ([UInt8]) -> Void) {
  for length in 0...document.count { body(Array(document[..<length])) }
  for index in document.indices {
    for byte in [UInt8(0x00), 0x0A, 0x0D, 0x20, 0x28, 0x2C, 0x2D, 0x30, 0x3A, 0x7C, 0x80, 0xFF] {
      var changed = document
      changed[index] = byte
      body(changed)
    }
  }
}

/// A generator that gives the same numbers in every run. Source: SplitMix64, Steele, Lea and Flood 2014.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
