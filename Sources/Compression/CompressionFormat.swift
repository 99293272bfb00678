import CLateLibraries
package import HostSystem

/// The compressed forms that package lists, logs and profiles come in, told apart by their first bytes.
package enum CompressionFormat: String, Sendable, CaseIterable {
  case gzip
  case xz
  case lz4
  case zstd

  /// - Returns: nil when the bytes begin like none of them: plain data.
  package init?(magicOf bytes: UnsafeBufferPointer<UInt8>) {
    let found = Self.allCases.first { bytes.starts(with: $0.magic) }
    guard let found else { return nil }
    self = found
  }

  /// - Returns: nil when the name does not end as the programs of these forms name their files.
  package init?(endingOf name: String) {
    let found = Self.allCases.first { name.hasSuffix($0.fileEnding) }
    guard let found else { return nil }
    self = found
  }

  /// What the program of this form puts behind the name of a file.
  package var fileEnding: String {
    switch self {
    case .gzip: ".gz"
    case .xz: ".xz"
    case .lz4: ".lz4"
    case .zstd: ".zst"
    }
  }

  /// RFC 1952; the xz file format 1.1.0; the LZ4 frame format 1.6; RFC 8878.
  private var magic: [UInt8] {
    switch self {
    case .gzip: [0x1F, 0x8B]
    case .xz: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]
    case .lz4: [0x04, 0x22, 0x4D, 0x18]
    case .zstd: [0x28, 0xB5, 0x2F, 0xFD]
    }
  }
}

/// Compressed data that could not be opened.
package enum CompressionError: ReportableError, Equatable {
  /// The data ends before the compressed stream does.
  case cut(CompressionFormat)
  /// The stream is damaged; the text is the library's own word for it.
  case damaged(CompressionFormat, String)
  /// The library that reads the format cannot be used; the text says why.
  case noLibrary(CompressionFormat, String)
  /// The content is larger than the caller allows, in bytes; the format is nil for plain data.
  case tooLarge(CompressionFormat?, limit: Int)

  package var failureKind: FailureKind {
    if case .noLibrary = self { .unavailable } else { .badData }
  }

  package var message: String {
    switch self {
    case .cut(let format): "the \(format.rawValue) data is cut; get the file again"
    case .damaged(let format, let what): "the \(format.rawValue) data is damaged (\(what)); get the file again"
    case .noLibrary(let format, let what): "\(format.rawValue) data cannot be read here: \(what)"
    case .tooLarge(let format?, let limit): "the \(format.rawValue) data opens to more than \(limit) bytes"
    case .tooLarge(nil, let limit): "the data is larger than \(limit) bytes"
    }
  }

  /// Why a library gave no decoder.
  static func notStarted(_ format: CompressionFormat, _ library: toolbox_late_library) -> CompressionError {
    .noLibrary(
      format, toolbox_late_library_problem(library).map { String(cString: $0) } ?? "there is not enough memory")
  }
}
