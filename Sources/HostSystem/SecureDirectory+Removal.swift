import Glibc

/// What removes names and trees.
extension SecureDirectory {
  /// Removes a name that is no directory.
  /// - Returns: false when it was not there.
  /// - Throws: ``FileError``
  @discardableResult
  package func remove(_ name: String) throws(FileError) -> Bool {
    try check(name)
    if unlinkat(descriptor, name, 0) == 0 { return true }
    if errno == ENOENT { return false }
    throw error(name, "remove")
  }

  /// Removes an empty directory; one that is not there is removed already.
  /// - Returns: false when something is in it.
  /// - Throws: ``FileError``
  package func removeEmptyDirectory(_ name: String) throws(FileError) -> Bool {
    try check(name)
    if unlinkat(descriptor, name, AT_REMOVEDIR) == 0 || errno == ENOENT { return true }
    if errno == ENOTEMPTY || errno == EEXIST { return false }
    throw error(name, "remove")
  }

  /// Removes a directory with everything in it. Links are removed and never followed; a directory on another device or behind
  /// another mount ends it with `EXDEV`. What was removed before that stays removed.
  /// - Returns: false when it was not there.
  /// - Throws: ``FileError``
  @discardableResult
  package func removeTree(_ name: String) throws(FileError) -> Bool {
    guard let place = try place(of: name) else { return false }
    guard place.kind == .directory else { return try remove(name) }
    let own = try self.place()
    guard place.device == own.device, place.mount == own.mount else {
      throw FileError(path: path(of: name), code: EXDEV, action: "remove")
    }
    // Without recursion: a tree may be deeper than the stack, and than there are descriptors. The way back up is `..`,
    // which must lead to the directory that it came from.
    var current = try directory(name)
    var above: [(name: [CChar], place: FilePlace)] = []
    while true {
      try current.checkSame(as: own)
      var entered = false
      for raw in try current.rawNames() {
        if unlinkat(current.descriptor, raw, 0) == 0 { continue }
        let code = errno
        guard code == EISDIR || code == EPERM else {
          throw FileError(path: current.hostPath, code: code, action: "empty")
        }
        if unlinkat(current.descriptor, raw, AT_REMOVEDIR) == 0 { continue }
        guard errno == ENOTEMPTY || errno == EEXIST else {
          throw FileError(
            path: "\(current.hostPath)/\(Self.text(raw))", code: errno == ENOTDIR ? code : errno, action: "remove")
        }
        let opened = openat(current.descriptor, raw, Self.openFlags)
        guard opened >= 0 else { throw FileError(path: current.hostPath, code: errno, action: "open") }
        above.append((raw, try current.place()))
        current = SecureDirectory(descriptor: opened, hostPath: current.path(of: Self.text(raw)))
        entered = true
        break
      }
      if entered { continue }
      guard let parent = above.popLast() else { break }
      let opened = openat(current.descriptor, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard opened >= 0 else { throw FileError(path: current.hostPath, code: errno, action: "leave") }
      let path = String(current.hostPath.prefix(upTo: current.hostPath.lastIndex(of: "/") ?? current.hostPath.endIndex))
      current = SecureDirectory(descriptor: opened, hostPath: path)
      let place = try current.place()
      guard place.isSame(device: parent.place.device, inode: parent.place.inode) else {
        throw FileError(path: path, code: ESTALE, action: "empty")
      }
      guard unlinkat(current.descriptor, parent.name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
        throw FileError(path: path, code: errno, action: "empty")
      }
    }
    guard unlinkat(descriptor, name, AT_REMOVEDIR) == 0 else { throw error(name, "remove") }
    try sync()
    return true
  }

  private static func text(_ raw: [CChar]) -> String {
    String(decoding: raw.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func checkSame(as other: FilePlace) throws(FileError) {
    let place = try place()
    guard place.device == other.device, place.mount == other.mount else {
      throw FileError(path: hostPath, code: EXDEV, action: "enter")
    }
  }
}
