package import HostSystem

/// What the head of a recording says, and what its records say was lost. Nothing in it is symbolised or counted further.
///
/// Source: perf.data-file-format.txt and perf_event.h of the kernel.
package struct RecordingFacts: Sendable, Equatable {
  package let path: String
  package let sizeBytes: Int
  package let ownerID: UInt32
  package let form: Form
  /// Events that were recorded, without those that only carry side records.
  package var eventCount = 0
  /// Of these, how many were sampled at a frequency; the others by a period.
  package var frequencyCount = 0
  /// The size of an entry of the event table; larger ones than the reading perf's are refused by it.
  package var entrySize = 0
  package var samples = 0
  /// Events that the kernel says it had no room for.
  package var lost = 0
  package var throttled = 0
  /// Why the records were not looked at; nil where they were.
  package var unread: String?

  /// What kind of file it is.
  package enum Form: Sendable, Equatable {
    /// As perf writes it on a machine of this byte order.
    case file
    /// The same from a machine of the other byte order.
    case foreignOrder
    /// What perf writes to a pipe.
    case pipe
    /// The recording was killed: the head was never completed.
    case unfinished
    /// The file ends before its data does.
    case cut
    /// No recording.
    case other
  }

  /// Looks into a file.
  /// - Throws: ``FileError``
  package static func read(_ path: String, root: RootDirectory = RootDirectory()) throws(FileError) -> RecordingFacts {
    let status = try root.status(of: path)
    let file = try root.map(path, limit: 64 << 30)
    return file.withBytes { parse($0, path: path, ownerID: status.userID) }
  }

  /// The size of the head; a recording for a pipe has 16 instead.
  private static let headSize = 104

  static func parse(_ bytes: UnsafeBufferPointer<UInt8>, path: String, ownerID: UInt32) -> RecordingFacts {
    let reader = LittleEndianReader(bytes)
    func facts(_ form: Form) -> RecordingFacts {
      RecordingFacts(path: path, sizeBytes: bytes.count, ownerID: ownerID, form: form)
    }
    if bytes.starts(with: "2ELIFREP".utf8) { return facts(.foreignOrder) }
    guard bytes.starts(with: "PERFILE2".utf8), let headSize = reader.u64(8) else { return facts(.other) }
    if headSize == 16 { return facts(.pipe) }
    guard headSize == Self.headSize, bytes.count >= Self.headSize, let entrySize = reader.u64(16),
      let attributes = reader.section(24), let data = reader.section(40), let features = reader.u64(72)
    else { return facts(.other) }
    var form = Form.file
    var end = data.offset + data.size
    if data.size == 0, data.offset < bytes.count {
      // The size is written last, so a recording that was killed has none.
      form = .unfinished
      end = bytes.count
    } else if end > bytes.count {
      form = .cut
      end = bytes.count
    }
    var result = facts(form)
    result.entrySize = entrySize
    result.readEvents(reader, attributes, entrySize)
    if features & (1 << 27) != 0 {
      result.unread = "its records are compressed"
    } else {
      result.readRecords(reader, from: data.offset, to: end)
    }
    return result
  }

  private mutating func readEvents(
    _ reader: LittleEndianReader, _ section: (offset: Int, size: Int), _ entrySize: Int
  ) {
    guard entrySize >= 64 else { return }
    for offset in stride(from: section.offset, to: section.offset + min(section.size, 1 << 24), by: entrySize) {
      guard let type = reader.u32(offset), let config = reader.u64(offset + 8), let flags = reader.u64(offset + 40)
      else { return }
      // PERF_COUNT_SW_DUMMY.
      if type == 1, config == 9 { continue }
      eventCount += 1
      if flags & (1 << 10) != 0 { frequencyCount += 1 }
    }
  }

  private mutating func readRecords(_ reader: LittleEndianReader, from start: Int, to end: Int) {
    var offset = start
    while offset + 8 <= end, let type = reader.u32(offset), let size = reader.u16(offset + 6) {
      guard size >= 8 else {
        unread = "the record at byte \(offset) has no size"
        return
      }
      switch type {
      case 2: lost += reader.u64(offset + 16) ?? 0
      case 5: throttled += 1
      case 9: samples += 1
      case 13: lost += reader.u64(offset + 8) ?? 0
      // Trace data follows outside of its record.
      case 71: offset += reader.u64(offset + 8) ?? 0
      default: break
      }
      offset += size
    }
  }
}

/// Numbers in bytes, least significant first; nil beyond the end or beyond what fits.
private struct LittleEndianReader {
  private let bytes: UnsafeBufferPointer<UInt8>

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  func u16(_ offset: Int) -> Int? { number(offset, size: 2) }
  func u32(_ offset: Int) -> Int? { number(offset, size: 4) }
  func u64(_ offset: Int) -> Int? { number(offset, size: 8) }

  /// An offset and a size, neither beyond 2^48: a sum of them is no overflow.
  func section(_ offset: Int) -> (offset: Int, size: Int)? {
    guard let start = u64(offset), let size = u64(offset + 8), start < 1 << 48, size < 1 << 48 else { return nil }
    return (start, size)
  }

  private func number(_ offset: Int, size: Int) -> Int? {
    guard offset >= 0, offset <= bytes.count - size else { return nil }
    var result: UInt64 = 0
    for index in 0..<size { result |= UInt64(bytes[offset + index]) << (8 * UInt64(index)) }
    return result >> 62 == 0 ? Int(result) : nil
  }
}
