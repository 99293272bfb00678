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

/// What a kernel says of itself, one text a line: an upstream release is named exactly where it is known exactly.
@Sendable func fuzzKernelStrings(_ bytes: UnsafeBufferPointer<UInt8>) {
  guard let vendors = try? VendorTable.shipped() else { return require(false, "the shipped table does not read") }
  let lines = bytes.split(separator: 0x0A, maxSplits: 4, omittingEmptySubsequences: false).map {
    String(decoding: $0, as: UTF8.self)
  }
  func line(_ index: Int) -> String { index < lines.count ? lines[index] : "" }
  let identity = KernelIdentity(
    KernelStrings(
      release: line(0), version: line(1), banner: line(2), signature: line(3), distribution: line(4)), vendors: vendors)
  require((identity.upstream != nil) == (identity.confidence == .exact), "exact is what names a release")
  require(identity.confidence != .series || identity.base != nil, "a series without its name")
  if let upstream = identity.upstream {
    require(KernelVersion(upstream.description) == upstream, "written out it reads otherwise")
    require(upstream.line == .linuxNext || upstream.final == identity.base, "another series than its own")
  }
}

/// The beginning of a kernel image: what it says of itself is one printable line.
@Sendable func fuzzKernelImage(_ bytes: UnsafeBufferPointer<UInt8>) {
  guard let strings = KernelImageHeader.strings(Array(bytes)) else { return }
  require(strings.banner.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "not printable")
}
