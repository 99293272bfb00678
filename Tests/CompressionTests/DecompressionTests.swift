import FoundationEssentials
import HostSystem
import TestSupport
import Testing

@testable import Compression

@Suite struct DecompressionTests {
  /// "hello" in each form, as gzip 1.12, xz 5.4, lz4 1.9 and zstd 1.5 wrote it.
  private static let hello: [CompressionFormat: [UInt8]] = [
    .gzip: [
      0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x86, 0xA6,
      0x10, 0x36, 0x05, 0x00, 0x00, 0x00,
    ],
    .xz: [
      0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00, 0x00, 0x04, 0xE6, 0xD6, 0xB4, 0x46, 0x02, 0x00, 0x21, 0x01, 0x16, 0x00,
      0x00, 0x00, 0x74, 0x2F, 0xE5, 0xA3, 0x01, 0x00, 0x04, 0x68, 0x65, 0x6C, 0x6C, 0x6F, 0x00, 0x00, 0x00, 0x00,
      0xB1, 0x37, 0xB9, 0xDB, 0xE5, 0xDA, 0x1E, 0x9B, 0x00, 0x01, 0x1D, 0x05, 0xB8, 0x2D, 0x80, 0xAF, 0x1F, 0xB6,
      0xF3, 0x7D, 0x01, 0x00, 0x00, 0x00, 0x00, 0x04, 0x59, 0x5A,
    ],
    .lz4: [
      0x04, 0x22, 0x4D, 0x18, 0x64, 0x40, 0xA7, 0x05, 0x00, 0x00, 0x80, 0x68, 0x65, 0x6C, 0x6C, 0x6F, 0x00, 0x00,
      0x00, 0x00, 0xF9, 0x77, 0x00, 0xFB,
    ],
    .zstd: [
      0x28, 0xB5, 0x2F, 0xFD, 0x04, 0x58, 0x29, 0x00, 0x00, 0x68, 0x65, 0x6C, 0x6C, 0x6F, 0xA3, 0x6D, 0x9F, 0x88,
    ],
  ]

  /// No content at all in each form.
  private static let nothing: [CompressionFormat: [UInt8]] = [
    .gzip: [
      0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
      0x00, 0x00,
    ],
    .xz: [
      0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00, 0x00, 0x04, 0xE6, 0xD6, 0xB4, 0x46, 0x00, 0x00, 0x00, 0x00, 0x1C, 0xDF,
      0x44, 0x21, 0x1F, 0xB6, 0xF3, 0x7D, 0x01, 0x00, 0x00, 0x00, 0x00, 0x04, 0x59, 0x5A,
    ],
    .lz4: [
      0x04, 0x22, 0x4D, 0x18, 0x64, 0x40, 0xA7, 0x00, 0x00, 0x00, 0x00, 0x05, 0x5D, 0xCC, 0x02,
    ],
    .zstd: [
      0x28, 0xB5, 0x2F, 0xFD, 0x24, 0x00, 0x01, 0x00, 0x00, 0x99, 0xE9, 0xD8, 0x51,
    ],
  ]

  private static let greeting = Array("hello".utf8)

  private func open(_ bytes: [UInt8], limit: Int = 1 << 24) throws -> [UInt8] {
    try bytes.withUnsafeBufferPointer { try Decompression.open($0, limit: limit) }
  }

  /// The content, or the error that opening ended with.
  private func outcome(_ bytes: [UInt8], limit: Int = 1 << 24) -> Result<[UInt8], CompressionError> {
    bytes.withUnsafeBufferPointer { buffer in
      do throws(CompressionError) {
        return .success(try Decompression.open(buffer, limit: limit))
      } catch {
        return .failure(error)
      }
    }
  }

  @Test(arguments: CompressionFormat.allCases)
  func `small content opens to what went in`(format: CompressionFormat) throws {
    let bytes = try #require(Self.hello[format])
    #expect(bytes.withUnsafeBufferPointer { CompressionFormat(magicOf: $0) } == format)
    #expect(try open(bytes) == Self.greeting)
  }

  @Test(arguments: CompressionFormat.allCases)
  func `empty content opens to nothing`(format: CompressionFormat) throws {
    #expect(try open(try #require(Self.nothing[format])) == [])
  }

  @Test(arguments: CompressionFormat.allCases)
  func `several members in one file are one content`(format: CompressionFormat) throws {
    let hello = try #require(Self.hello[format])
    let nothing = try #require(Self.nothing[format])
    #expect(try open(hello + nothing + hello + hello + nothing) == Self.greeting + Self.greeting + Self.greeting)
  }

  @Test(arguments: CompressionFormat.allCases)
  func `a form that is cut at any byte is refused`(format: CompressionFormat) throws {
    let hello = try #require(Self.hello[format])
    // Shorter than its first bytes it cannot be told from plain data; see the tests of plain data.
    for length in magicLength(format)..<hello.count {
      #expect(outcome(Array(hello[..<length])) == .failure(.cut(format)), "\(length) bytes")
    }
    for length in 1..<hello.count {
      let tail = outcome(hello + hello[..<length])
      guard case .failure(let error) = tail else {
        Issue.record("a second member cut after \(length) bytes was taken")
        continue
      }
      #expect(isCutOrDamaged(error, format))
    }
  }

  @Test(arguments: CompressionFormat.allCases)
  func `garbage behind the last member is refused`(format: CompressionFormat) throws {
    let hello = try #require(Self.hello[format])
    for garbage in [[UInt8](repeating: 0x41, count: 1), [UInt8](repeating: 0x41, count: 40)] {
      guard case .failure(let error) = outcome(hello + garbage) else {
        Issue.record("\(garbage.count) bytes of garbage were taken")
        continue
      }
      #expect(isCutOrDamaged(error, format))
    }
  }

  @Test func `zero bytes behind gzip and xz data are padding`() throws {
    let padding = [UInt8](repeating: 0, count: 512)
    #expect(try open(try #require(Self.hello[.gzip]) + padding) == Self.greeting)
    #expect(try open(try #require(Self.hello[.xz]) + padding) == Self.greeting)
  }

  @Test(arguments: CompressionFormat.allCases)
  func `a changed byte never gives other content`(format: CompressionFormat) throws {
    let hello = try #require(Self.hello[format])
    var refused = 0
    for index in magicLength(format)..<hello.count {
      for bit in 0..<8 {
        var changed = hello
        changed[index] ^= 1 << bit
        switch outcome(changed) {
        // Some header fields (a time, a system's number) say nothing about the content.
        case .success(let content): #expect(content == Self.greeting, "byte \(index), bit \(bit)")
        case .failure(let error):
          refused += 1
          #expect(isCutOrDamaged(error, format))
        }
      }
    }
    #expect(refused > hello.count * 3)
  }

  @Test(arguments: CompressionFormat.allCases)
  func `the limit is the largest content that is taken`(format: CompressionFormat) throws {
    let hello = try #require(Self.hello[format])
    #expect(try open(hello, limit: 5) == Self.greeting)
    #expect(outcome(hello, limit: 4) == .failure(.tooLarge(format, limit: 4)))
    #expect(outcome(hello + hello, limit: 9) == .failure(.tooLarge(format, limit: 9)))
    #expect(outcome(hello, limit: 0) == .failure(.tooLarge(format, limit: 0)))
  }

  @Test(arguments: ["", "\u{1F}", "(", "\u{4}\"M", "Package: a\nVersion: 1\n", "hello"])
  func `plain data comes back as it is`(text: String) throws {
    let bytes = Array(text.utf8)
    #expect(bytes.withUnsafeBufferPointer { CompressionFormat(magicOf: $0) } == nil)
    #expect(try open(bytes, limit: bytes.count) == bytes)
    if !bytes.isEmpty {
      #expect(outcome(bytes, limit: bytes.count - 1) == .failure(.tooLarge(nil, limit: bytes.count - 1)))
    }
  }

  @Test(arguments: CompressionFormat.allCases)
  func `a form is known by the ending of a file's name`(format: CompressionFormat) {
    #expect(CompressionFormat(endingOf: "x_Packages" + format.fileEnding) == format)
    #expect(CompressionFormat(endingOf: "x_Packages") == nil)
    #expect(CompressionFormat(endingOf: format.fileEnding + "x") == nil)
  }

  @Test func `an error of the reader of the pieces ends the stream`() throws {
    let hello = try #require(Self.hello[.gzip])
    var calls = 0
    let stop = CompressionError.tooLarge(.gzip, limit: 1)
    #expect(throws: stop) {
      try (hello + hello).withUnsafeBufferPointer { bytes in
        try Decompression.stream(bytes, .gzip) { (_) throws(CompressionError) in
          calls += 1
          throw stop
        }
      }
    }
    #expect(calls == 1)
  }

  @Test func `errors say what to do`() {
    #expect(CompressionError.cut(.xz).message == "the xz data is cut; get the file again")
    #expect(CompressionError.tooLarge(.zstd, limit: 7).message == "the zstd data opens to more than 7 bytes")
    #expect(CompressionError.tooLarge(nil, limit: 7).message == "the data is larger than 7 bytes")
    #expect(CompressionError.damaged(.lz4, "why").message == "the lz4 data is damaged (why); get the file again")
    #expect(CompressionError.cut(.xz).failureKind == .badData)
  }

  // MARK: Files of the real programs

  @Test(arguments: CompressionFormat.allCases)
  func `files of the real program open, alone and joined`(format: CompressionFormat) async throws {
    guard let program = program(of: format) else {
      print("skipped: \(format.rawValue) is not installed")
      return
    }
    let directory = try TemporaryDirectory()
    // More than one piece, with a pattern that neither repeats soon nor fits the size of a piece.
    let content = (0..<700_001).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
    try directory.write("content", content)
    let made = try await ToolboxProcess.run(path: program, ["-q", "-k"] + extra(format) + [directory("content")])
    #expect(made.status == 0)
    let file = try Data(contentsOf: URL(fileURLWithPath: directory("content") + format.fileEnding))
    let bytes = [UInt8](file)
    #expect(try open(bytes) == content)
    #expect(try open(bytes + bytes) == content + content)
    #expect(outcome(bytes, limit: content.count - 1) == .failure(.tooLarge(format, limit: content.count - 1)))
    for step in 1...40 {
      let length = bytes.count * step / 41
      #expect(outcome(Array(bytes[..<length])) == .failure(.cut(format)), "cut after \(length) bytes")
    }
    #expect(outcome(Array(bytes.dropLast())) == .failure(.cut(format)))
    for step in 1...40 {
      var changed = bytes
      changed[bytes.count * step / 41] ^= 0x10
      guard case .failure(let error) = outcome(changed) else {
        Issue.record("byte \(bytes.count * step / 41) was changed and nobody saw it")
        continue
      }
      #expect(isCutOrDamaged(error, format))
    }
  }

  @Test(arguments: CompressionFormat.allCases)
  func `a bomb ends at the limit`(format: CompressionFormat) async throws {
    guard let program = program(of: format) else {
      print("skipped: \(format.rawValue) is not installed")
      return
    }
    let directory = try TemporaryDirectory()
    try directory.write("zeros", [UInt8](repeating: 0, count: 32 << 20))
    let made = try await ToolboxProcess.run(path: program, ["-q", "-k"] + extra(format) + [directory("zeros")])
    #expect(made.status == 0)
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: directory("zeros") + format.fileEnding)))
    #expect(bytes.count < 1 << 20)
    #expect(outcome(bytes, limit: 1 << 20) == .failure(.tooLarge(format, limit: 1 << 20)))
    var largest = 0
    var total = 0
    try bytes.withUnsafeBufferPointer { buffer in
      try Decompression.stream(buffer, format) { (piece) throws(CompressionError) in
        largest = max(largest, piece.count)
        total += piece.count
      }
    }
    #expect(total == 32 << 20)
    #expect(largest <= Decompression.pieceSize)
  }

  private func magicLength(_ format: CompressionFormat) -> Int {
    switch format {
    case .gzip: 2
    case .xz: 6
    case .lz4, .zstd: 4
    }
  }

  private func isCutOrDamaged(_ error: CompressionError, _ expected: CompressionFormat) -> Bool {
    switch error {
    case .cut(let format), .damaged(let format, _): format == expected
    case .tooLarge, .noLibrary: false
    }
  }

  private func program(of format: CompressionFormat) -> String? {
    ["/usr/bin/", "/bin/"].map { $0 + format.rawValue }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Without this lz4 writes to its standard output when that is no terminal.
  private func extra(_ format: CompressionFormat) -> [String] { format == .lz4 ? ["-m"] : [] }
}
