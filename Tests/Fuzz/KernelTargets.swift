import HostSystem
import KernelReleases

/// Kernel versions, one a line: they are in one order, and written out they read the same.
@Sendable func fuzzKernelVersions(_ bytes: UnsafeBufferPointer<UInt8>) {
  let lines = bytes.split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false)
  let versions = lines.compactMap { KernelVersion(bytes: UnsafeBufferPointer(rebasing: $0)) }
  requireOrder(versions) { $0 < $1 ? -1 : ($0 == $1 ? 0 : 1) }
  for version in versions {
    require(KernelVersion(version.description) == version, "written out it reads otherwise")
    if version.line == .linuxNext {
      require(version.kind == .next && version.series == nil)
      require(version.snapshotDay.map(KernelVersion.init(linuxNext:)) == version)
      continue
    }
    require(version.withCandidate(version.candidate) == version && version.final.final == version.final)
    require(version.final.kind == .final && version.final.series == version.series)
    require(version.candidate == nil || version < version.withCandidate(nil), "a candidate is not before it")
    if version.candidate == nil {
      require(version.final.withStableNumber(version.stableNumber) == version && version.final <= version)
    }
  }
}

/// The feed of kernel.org: every row has a version that reads, and white space and a byte order mark change nothing.
@Sendable func fuzzKernelFeed(_ bytes: UnsafeBufferPointer<UInt8>) {
  let body = Array(bytes)
  if let value = try? JSONValue.parse(body) { _ = (value.string, value.integer, value.truth) }
  guard let snapshot = try? FeedReader.read(body) else { return }
  require(!snapshot.rows.isEmpty && snapshot.rows.count <= FeedReader.mostRows)
  for row in snapshot.rows {
    require(KernelVersion(row.version.description) == row.version)
    if let day = row.day { require((1...9999).contains(day.year)) }
    _ = row.time?.description
  }
  if !bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
    let same = try? FeedReader.read([0xEF, 0xBB, 0xBF, 0x0A, 0x20] + body)
    require(same == snapshot, "white space and a byte order mark change it")
  }
}
