import Glibc
import HostSystem

/// Finds the list of code that a process made at run time.
struct PerfMapFiles {
  enum Finding {
    case found([UInt8], path: String)
    /// With the reason.
    case missing(String)
  }

  let sources: SymbolSources
  private static let largest = 512 << 20

  /// - Parameter processID: as the recording machine numbered it.
  func read(processID: Int32) -> Finding {
    var reason = "there is no /tmp/perf-\(processID).map"
    for (root, path, owner) in places(processID) {
      do {
        guard let file = try trusted(root, path, owner: owner, reason: &reason) else { continue }
        return .found(file.withBytes { Array($0) }, path: root.hostPath(path))
      } catch {
        if !error.isAbsence { reason = error.message }
      }
    }
    return .missing(reason)
  }

  /// What a process wrote of its code, with times.
  /// - Parameter path: as the process mapped it.
  func jitDump(_ path: String, processID: Int32) -> JitDump? {
    let owner =
      sources.mayBeThisMachine && processID > 0 ? try? RootDirectory().status(of: "/proc/\(processID)").userID : nil
    var roots = [sources.root]
    if owner != nil { roots.append(RootDirectory("/proc/\(processID)/root")) }
    var reason = ""
    for root in roots {
      guard let file = try? trusted(root, path, owner: owner, reason: &reason) else { continue }
      return file.withBytes { JitDump(UnsafeRawBufferPointer($0)) }
    }
    return nil
  }

  /// A file that only the process's user, root, or who asks can have written; nil with the reason where it is another's.
  private func trusted(
    _ root: RootDirectory, _ path: String, owner: UInt32?, reason: inout String
  ) throws(FileError) -> MappedFile? {
    // The last part may be no link: /tmp is everybody's.
    let descriptor: Int32
    do {
      descriptor = try root.open(path, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
    } catch {
      if error.code == ELOOP { reason = "\(root.hostPath(path)) is a symbolic link" }
      throw error
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path: root.hostPath(path), code: errno) }
    guard status.st_uid == 0 || status.st_uid == geteuid() || status.st_uid == owner || !sources.root.isHost else {
      reason = "\(root.hostPath(path)) belongs neither to the process's user nor to you"
      return nil
    }
    return try MappedFile(descriptor: descriptor, path: root.hostPath(path), limit: Self.largest)
  }

  private func places(_ processID: Int32) -> [(RootDirectory, path: String, owner: UInt32?)] {
    guard processID > 0 else { return [] }
    let name = "/tmp/perf-\(processID).map"
    guard sources.mayBeThisMachine else { return [(sources.root, name, nil)] }
    var result: [(RootDirectory, path: String, owner: UInt32?)] = []
    let process = "/proc/\(processID)"
    let owner = try? RootDirectory().status(of: process).userID
    result.append((sources.root, name, owner))
    if let owner {
      // In a container the process has another number, and a /tmp of its own.
      let inside = RootDirectory(process + "/root")
      for number in namespaceNumbers(process) { result.append((inside, "/tmp/perf-\(number).map", owner)) }
    }
    return result
  }

  /// The numbers of a process in the namespaces that it is in, the innermost first.
  private func namespaceNumbers(_ process: String) -> [Int32] {
    guard let status = try? RootDirectory().read(process + "/status", limit: 1 << 16) else { return [] }
    for line in status.split(separator: 0x0A) where line.starts(with: "NSpid:".utf8) {
      return line.dropFirst(6).split { $0 == 0x09 || $0 == 0x20 }.compactMap {
        Int32(String(decoding: $0, as: UTF8.self))
      }
      .reversed()
    }
    return []
  }
}
