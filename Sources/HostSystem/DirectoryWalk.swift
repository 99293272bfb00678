import CHostSystem
import Glibc

/// Goes through everything below a directory and counts it: no link is followed, no other file system is entered, nothing
/// is opened but directories, and no more is looked at than a limit allows.
package struct DirectoryWalk {
  /// The number of everything that is no directory.
  package private(set) var count = 0
  /// The sizes that the files say they have, added up; in bytes.
  package private(set) var sizeBytes = 0
  /// Whether everything was seen: not so when the limit was reached, a directory could not be read, or another file system
  /// was met.
  package private(set) var isComplete = true
  /// How many names were looked at.
  package private(set) var looked = 0
  /// The files whose names end as asked for, with their paths below the start and their sizes.
  package private(set) var found: [(path: String, size: Int)] = []
  /// Directories that could not be read; the first twenty.
  package private(set) var errors: [FileError] = []

  private let limit: Int
  /// In lower case.
  private let ending: [UInt8]
  private let device: UInt64
  private let hostPath: String
  private var path: [UInt8] = []
  private static let depthLimit = 64

  /// - Parameter limit: how many names are looked at.
  /// - Parameter ending: files whose names end so, letter case aside, are put into ``found``.
  package init(below directory: borrowing DirectoryHandle, limit: Int, findingFilesEnding ending: String) {
    self.limit = limit
    self.ending = Array(ending.lowercased().utf8)
    hostPath = directory.hostPath
    var status = stat()
    guard fstat(directory.descriptor, &status) == 0 else {
      device = 0
      fail(errno)
      return
    }
    device = UInt64(status.st_dev)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 8)
    defer { buffer.deallocate() }
    let opened = openat(directory.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard opened >= 0 else {
      fail(errno)
      return
    }
    defer { close(opened) }
    walk(opened, buffer, depth: 0)
  }

  private mutating func fail(_ code: Int32) {
    isComplete = false
    if errors.count < 20 {
      errors.append(FileError(path: "\(hostPath)\(String(decoding: path, as: UTF8.self))", code: code))
    }
  }

  private mutating func walk(_ directory: Int32, _ buffer: UnsafeMutableRawBufferPointer, depth: Int) {
    guard let base = buffer.baseAddress else { return }
    // Names of directories, each with a NUL behind it.
    var directories: [UInt8] = []
    reading: while true {
      let size = toolbox_read_entries(directory, base, buffer.count)
      if size < 0 {
        if errno == EINTR { continue }
        fail(errno)
        return
      }
      if size == 0 { break }
      // struct linux_dirent64: number (8 bytes), offset (8), size of the entry (2), kind (1), name.
      var offset = 0
      while offset < size {
        let entry = base + offset
        offset += Int(entry.loadUnaligned(fromByteOffset: 16, as: UInt16.self))
        let kind = entry.load(fromByteOffset: 18, as: UInt8.self)
        let name = (entry + 19).assumingMemoryBound(to: CChar.self)
        let length = strlen(name)
        if name[0] == 0x2E, length == 1 || (length == 2 && name[1] == 0x2E) { continue }
        guard looked < limit else {
          isComplete = false
          break reading
        }
        looked += 1
        let bytes = UnsafeRawBufferPointer(start: name, count: length)
        if kind == UInt8(DT_DIR) {
          directories.append(contentsOf: bytes)
          directories.append(0)
          continue
        }
        var status = stat()
        guard fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
        if status.st_mode & S_IFMT == S_IFDIR {
          directories.append(contentsOf: bytes)
          directories.append(0)
        } else {
          take(bytes, status)
        }
      }
    }
    descend(directory, directories, buffer, depth: depth)
  }

  private mutating func take(_ name: UnsafeRawBufferPointer, _ status: stat) {
    let size = max(0, Int(status.st_size))
    count += 1
    sizeBytes = sizeBytes.addingReportingOverflow(size).overflow ? Int.max : sizeBytes + size
    guard status.st_mode & S_IFMT == S_IFREG, name.count > ending.count,
      name.suffix(ending.count).elementsEqual(ending, by: { $0 | 0x20 == $1 | 0x20 })
    else { return }
    found.append((String(decoding: path + [0x2F] + Array(name), as: UTF8.self), size))
  }

  private mutating func descend(
    _ directory: Int32, _ names: [UInt8], _ buffer: UnsafeMutableRawBufferPointer, depth: Int
  ) {
    guard !names.isEmpty else { return }
    guard depth < Self.depthLimit else {
      isComplete = false
      return
    }
    var start = 0
    while start < names.count {
      let end = names[start...].firstIndex(of: 0) ?? names.count
      let above = path.count
      path.append(0x2F)
      path.append(contentsOf: names[start..<end])
      enter(directory, names, at: start, buffer, depth: depth)
      path.removeLast(path.count - above)
      start = end + 1
    }
  }

  private mutating func enter(
    _ parent: Int32, _ names: [UInt8], at start: Int, _ buffer: UnsafeMutableRawBufferPointer, depth: Int
  ) {
    let opened = names.withUnsafeBytes { bytes in
      bytes.baseAddress.map {
        openat(
          parent, ($0 + start).assumingMemoryBound(to: CChar.self), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      } ?? -1
    }
    guard opened >= 0 else {
      fail(errno)
      return
    }
    defer { close(opened) }
    var status = stat()
    guard fstat(opened, &status) == 0 else {
      fail(errno)
      return
    }
    guard UInt64(status.st_dev) == device else {
      isComplete = false
      return
    }
    walk(opened, buffer, depth: depth + 1)
  }
}
