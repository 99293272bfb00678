import Glibc
package import HostSystem

/// Which packages own some paths, by dpkg's lists of their files.
package enum FileOwners {
  /// Where dpkg keeps `PACKAGE.list`, and `PACKAGE:ARCHITECTURE.list` for those that may stand beside themselves.
  package static let directory = "/var/lib/dpkg/info"

  /// Looks paths up in the file lists of all packages that are present; every list is read once and only as bytes.
  ///
  /// A root with merged `/usr` has `/lib/x` in old lists for what is now `/usr/lib/x`: ask for both names where it matters.
  /// - Parameter paths: absolute, without a slash at the end.
  /// - Parameter unreadable: takes the lists that could not be read.
  /// - Returns: the name of the owning package for each path that has one; the first in the order of the status.
  package static func owners(
    of paths: Set<String>, among packages: [InstalledPackage], in root: RootDirectory,
    unreadable: (FileError) -> Void
  ) -> [String: String] {
    guard !paths.isEmpty else { return [:] }
    var table = Table(paths)
    do throws(FileError) {
      guard let directory = try root.directory(Self.directory) else { return [:] }
      var buffer = [UInt8](repeating: 0, count: 1 << 18)
      for package in packages where package.isPresent {
        let plain = "\(package.id.name).list"
        let qualified = "\(package.id.name):\(package.id.architecture).list"
        let names = package.multiArch == .same ? [qualified, plain] : [plain, qualified]
        for name in names {
          do throws(FileError) {
            guard let count = try directory.read(name, into: &buffer) else { continue }
            buffer.withUnsafeBufferPointer { table.take(UnsafeBufferPointer(rebasing: $0[..<count]), package.id.name) }
          } catch {
            unreadable(error)
          }
          break
        }
      }
    } catch {
      unreadable(error)
    }
    return table.owners
  }

  /// The wanted paths by their lengths: nearly every line of a list is passed over by its length and its last eight bytes.
  private struct Table {
    private struct Wanted {
      let tail: UInt64
      let path: [UInt8]
      let name: String
    }

    /// Sorted by length.
    private var wanted: [Wanted] = []
    /// Where the paths of a length begin in ``wanted``; one entry more than the longest length.
    private var starts: [Int] = []
    var owners: [String: String] = [:]

    init(_ paths: Set<String>) {
      wanted = paths.filter { !$0.isEmpty }.map { name in
        let path = Array(name.utf8)
        let tail = path.withUnsafeBytes { bytes in
          bytes.count < 8 ? 0 : bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self)
        }
        return Wanted(tail: tail, path: path, name: name)
      }
      .sorted { $0.path.count < $1.path.count }
      for (index, entry) in wanted.enumerated() {
        while starts.count <= entry.path.count { starts.append(index) }
      }
      starts.append(wanted.count)
    }

    mutating func take(_ bytes: UnsafeBufferPointer<UInt8>, _ package: String) {
      guard let base = bytes.baseAddress else { return }
      var hits: [Int] = []
      starts.withUnsafeBufferPointer { starts in
        wanted.withUnsafeBufferPointer { wanted in
          var offset = 0
          while offset < bytes.count {
            let start = offset
            let newline = memchr(base + start, 0x0A, bytes.count - start)
            let end = newline.map { UnsafeRawPointer($0) - UnsafeRawPointer(base) } ?? bytes.count
            offset = end + 1
            let length = end - start
            guard length > 0, length + 1 < starts.count, starts[length] < starts[length + 1] else { continue }
            let tail =
              length < 8 ? 0 : UnsafeRawPointer(base).loadUnaligned(fromByteOffset: end - 8, as: UInt64.self)
            for index in starts[length]..<starts[length + 1] where wanted[index].tail == tail {
              if memcmp(wanted[index].path, base + start, length) == 0 { hits.append(index) }
            }
          }
        }
      }
      for index in hits where owners[wanted[index].name] == nil { owners[wanted[index].name] = package }
    }
  }
}
