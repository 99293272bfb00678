import CLateLibraries

/// The stream that the compressed records of a file make together, and the memory that it is opened into.
struct CompressedRecords {
  private var stream: OpaquePointer?
  /// Blocks whose records may still be wanted.
  private var blocks: [UnsafeMutableRawBufferPointer] = []
  /// Where the next bytes go in the last block, and where the first record begins there that is not complete.
  private var end = 0
  private var start = 0
  /// All bytes in the blocks.
  private(set) var heldBytes = 0

  private static let blockSize = 1 << 20
  /// All bytes that were opened.
  private(set) var openedBytes = 0

  /// A record has at most 65,535 bytes, so this much room is enough for the rest of one and more.
  private static let leastRoom = 1 << 17

  /// What went wrong, in libzstd's words.
  struct Failure: Error {
    let what: String
  }

  /// Opens the bytes of one compressed record.
  /// - Parameters:
  ///   - most: how many bytes all records so far may open to.
  ///   - body: is handed runs of whole records and their size; gives back how many bytes it took, which leaves the
  ///   beginning of a record for the next time.
  mutating func open(
    _ bytes: UnsafeRawBufferPointer, upTo most: Int, _ body: (UnsafeRawPointer, Int) throws -> Int
  ) throws {
    if stream == nil { stream = ZSTD_createDStream() }
    guard let stream else {
      let problem = toolbox_late_library_problem(toolbox_libzstd).map { String(cString: $0) }
      throw Failure(what: problem ?? "there is not enough memory")
    }
    var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
    var isFull = true
    while input.pos < input.size || isFull {
      let block = makeRoom()
      let room = block.count - end
      var output = ZSTD_outBuffer(dst: block.baseAddress.map { $0 + end }, size: room, pos: 0)
      let code = ZSTD_decompressStream(stream, &output, &input)
      if ZSTD_isError(code) != 0 { throw Failure(what: String(cString: ZSTD_getErrorName(code))) }
      end += output.pos
      openedBytes += output.pos
      guard openedBytes <= most else { throw Failure(what: "they open to far more than records do") }
      isFull = output.pos == room
      if output.pos == 0, input.pos == input.size { break }
      if let base = block.baseAddress { start += try body(UnsafeRawPointer(base + start), end - start) }
    }
  }

  /// Ends the stream of one file; what was opened stays.
  mutating func endStream() {
    if let stream { ZSTD_freeDStream(stream) }
    stream = nil
    start = end
  }

  /// Whether the stream ends in the middle of a record.
  var hasRest: Bool { end > start }

  /// The last block, with room in it; the beginning of a record moves along into a new one.
  private mutating func makeRoom() -> UnsafeMutableRawBufferPointer {
    if let last = blocks.last, last.count - end >= Self.leastRoom { return last }
    let new = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.blockSize, alignment: 16)
    let rest = end - start
    if let last = blocks.last?.baseAddress, let base = new.baseAddress {
      base.copyMemory(from: last + start, byteCount: rest)
    }
    blocks.append(new)
    heldBytes += new.count
    (start, end) = (0, rest)
    return new
  }

  /// Gives all memory back but for what the records need that are still pending, which moves.
  mutating func release(keeping pending: inout PendingRecords, isSwapped: Bool, isForeign: (UnsafeRawPointer) -> Bool) {
    guard blocks.count > 1, let current = blocks.last, let currentBase = UnsafeRawPointer(current.baseAddress) else {
      return
    }
    let old = blocks.dropLast()
    var kept: [UnsafeMutableRawBufferPointer] = []
    var room = 0
    var keptBytes = 0
    pending.replaceRecords { record in
      if isForeign(record) || (record >= currentBase && record < currentBase + current.count) { return record }
      let size = Int(RecordBytes(base: record, isSwapped: isSwapped).u16(6))
      if room < size {
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.blockSize, alignment: 16)
        kept.append(block)
        keptBytes += block.count
        room = block.count
      }
      guard let block = kept.last, let base = block.baseAddress else { return record }
      let place = base + (block.count - room)
      place.copyMemory(from: record, byteCount: size)
      room -= size
      return UnsafeRawPointer(place)
    }
    for block in old { block.deallocate() }
    blocks = kept + [current]
    heldBytes = keptBytes + current.count
  }

  mutating func close() {
    if let stream { ZSTD_freeDStream(stream) }
    stream = nil
    for block in blocks { block.deallocate() }
    blocks = []
    heldBytes = 0
  }
}
