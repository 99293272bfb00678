import CHostSystem
import Glibc

/// What tells a file from every other one, and what must be the same after it was moved.
package struct FilePlace: Sendable, Equatable {
  package let kind: DirectoryHandle.Kind
  package let device: UInt64
  package let inode: UInt64
  /// The number of the mount that it is seen through: a bind mount has another one than the directory above it. 0 where the
  /// kernel does not tell.
  package let mount: UInt64
  package let userID: UInt32
  package let groupID: UInt32
  /// The permission bits.
  package let mode: UInt32
  package let sizeBytes: Int
  /// How many names it has.
  package let links: UInt32
  /// Whether the file system encrypts it with a key of its owner's (fscrypt).
  package let isEncrypted: Bool

  init(_ place: toolbox_place) {
    kind =
      switch mode_t(place.mode) & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .directory
      case S_IFLNK: .link
      default: .other
      }
    device = place.device
    inode = place.inode
    mount = place.mount
    userID = place.user
    groupID = place.group
    mode = place.mode & 0o7777
    sizeBytes = max(0, Int(place.size))
    links = place.links
    isEncrypted = place.encrypted != 0
  }

  /// Whether it is the same file, wherever it lies now.
  package func isSame(device: UInt64, inode: UInt64) -> Bool { self.device == device && self.inode == inode }
}

/// The names between the slashes of a path, told apart by byte: a combining mark behind a slash makes one character of the two,
/// which is no slash to Swift but one to the kernel.
package func pathComponents(_ path: String) -> [String] {
  path.utf8.split(separator: 0x2F).map { String(decoding: $0, as: UTF8.self) }
}

/// Whether a path lies below another one, by byte.
package func isPath(_ path: String, below directory: String) -> Bool {
  path.utf8.starts(with: directory == "/" ? "/".utf8 : (directory + "/").utf8)
}
