import Glibc

/// The bytes of a file, mapped into memory and read-only.
package final class MappedFile: @unchecked Sendable {
  // Immutable for the life of the object, so it may be read from any thread.
  private let region: UnsafeMutableRawPointer?
  package let count: Int

  /// - Parameter descriptor: an open file; it may be closed afterwards.
  /// - Parameter path: only for the message of an error.
  /// - Parameter limit: a larger file is an error (`EFBIG`), in bytes.
  package init(descriptor: Int32, path: String, limit: Int = .max) throws(FileError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path: path, code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError(path: path, code: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
    }
    guard status.st_size <= limit else { throw FileError(path: path, code: EFBIG) }
    count = Int(status.st_size)
    guard count > 0 else {
      region = nil
      return
    }
    let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address, address != MAP_FAILED else { throw FileError(path: path, code: errno) }
    region = address
  }

  deinit {
    if let region { munmap(region, count) }
  }

  /// Calls `body` with the bytes; they must not escape it.
  package func withBytes<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let bytes = UnsafeBufferPointer(
      start: region?.assumingMemoryBound(to: UInt8.self), count: region == nil ? 0 : count)
    return try body(bytes)
  }
}
