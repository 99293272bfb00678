import Glibc
import HostSystem

/// Looks for what makes automatic resets doubtful: live systems, containers, clouds. It judges nothing.
struct SituationReader {
  let root: RootDirectory
  let release: OSRelease
  /// Whether the installer says that it ran in the maker's factory.
  let isFromMaker: Bool

  /// Those that hold here, each with what showed it.
  func situations(_ known: [BaselinePlaces.Situation]) -> [BaselineEvidence.Situation] {
    let options = Set(hostText("/proc/cmdline").split(whereSeparator: \.isWhitespace).map(String.init))
    let mounts = hostText("/proc/mounts").split(whereSeparator: \.isNewline).map(String.init)
    return known.compactMap { situation -> BaselineEvidence.Situation? in
      guard root.isHost || !situation.isOfHostOnly else { return nil }
      let path = situation.paths.first { root.exists($0) }.map { root.hostPath($0) }
      let option = situation.kernelOptions.sorted().first { options.contains($0) }
      let mount = mounts.first { line in situation.mounts.contains { $0.matches(line) } }
      let id = situation.releaseIDs.contains(release.id) ? release.id : nil
      let fact = situation.facts.sorted().compactMap { self.fact(named: $0, mounts) }.first
      guard let subject = path ?? option ?? mount ?? id ?? fact else { return nil }
      return BaselineEvidence.Situation(
        id: situation.id, reason: situation.reason, subject: String(subject.prefix(120)).harmless,
        isOverridable: situation.isOverridable, trusted: situation.trusted)
    }
  }

  /// What shows a computed fact; nil where it does not hold.
  private func fact(named name: String, _ mounts: [String]) -> String? {
    switch name {
    case "oem": return isFromMaker ? "the installer's telemetry" : nil
    case "chroot": return isChroot(mounts) ? root.path : nil
    case "cloud":
      let source = text("/var/lib/cloud/instance/datasource").split(whereSeparator: { $0 == ":" || $0.isWhitespace })
        .first.map(String.init)
      // cloud-init is installed by server installers too, and finds no provider there.
      return source == "DataSourceNone" ? nil : source
    default: return nil
    }
  }

  /// Whether this process sees another root than the first process: by identity where that may be looked at, else because
  /// nothing is mounted at the root.
  private func isChroot(_ mounts: [String]) -> Bool {
    guard root.isHost else { return false }
    if let own = identity(of: "/"), let first = identity(of: "/proc/1/root") { return own != first }
    return !mounts.contains { $0.split(separator: " ").dropFirst().first == "/" }
  }

  private func identity(of path: String) -> [UInt64]? {
    guard let descriptor = try? root.open(path, flags: O_RDONLY | O_DIRECTORY) else { return nil }
    defer { close(descriptor) }
    var status = stat()
    return fstat(descriptor, &status) == 0 ? [UInt64(status.st_dev), UInt64(status.st_ino)] : nil
  }

  private func hostText(_ path: String) -> String { root.isHost ? text(path) : "" }

  /// A file's text; empty where there is none or it may not be read: then it shows nothing.
  private func text(_ path: String) -> String {
    guard let bytes = (try? root.readIfPresent(path, limit: 1 << 24)).flatMap({ $0 }) else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }
}
