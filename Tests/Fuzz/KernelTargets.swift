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

/// A feed of any format: what it says can be said, and white space and a byte order mark change nothing.
@Sendable func fuzzFeed(_ bytes: UnsafeBufferPointer<UInt8>) {
  let body = Array(bytes)
  if let value = try? JSONValue.parse(body) { _ = (value.string, value.integer, value.truth) }
  guard let snapshot = try? FeedReader.read(body) else { return }
  require(FeedReader.formats.contains(snapshot.format))
  require(snapshot.warnings.count <= FeedReader.mostRows * 3, "more warnings than rows")
  switch snapshot.content {
  case .state(let rows):
    require(!rows.isEmpty && rows.count <= FeedReader.mostRows)
    for row in rows {
      require(KernelVersion(row.version.description) == row.version)
      if let day = row.day { require((1...9999).contains(day.year)) }
      _ = row.time?.description
    }
  case .announcements(let announcements):
    for announcement in announcements {
      require(announcement.version.line == .releases && !announcement.author.contains("@"))
      require((announcement.paragraph ?? "x").count <= 2000 && announcement.paragraph != "")
    }
  case .versions(let versions):
    require(!versions.isEmpty && zip(versions, versions.dropFirst()).allSatisfy { $0 < $1 }, "not sorted, or twice")
  case .support(let support):
    require(!support.isEmpty && support.allSatisfy { KernelVersion($0.series)?.kind == .final })
  case .vulnerabilities(let records):
    require(!records.isEmpty)
    for record in records {
      require(record.id.hasPrefix("CVE-") && record.title.count <= 200)
      require(record.fixes.allSatisfy { record.status(of: $0) == .unaffected }, "a fix that does not fix")
    }
  }
  if !bytes.starts(with: [0xEF, 0xBB, 0xBF]), bytes.count < 2 || bytes[0] != 0 && bytes[1] != 0 && bytes[0] < 0xFE {
    let same = try? FeedReader.read([0xEF, 0xBB, 0xBF, 0x0A, 0x20] + body)
    require(same == snapshot, "white space and a byte order mark change it")
  }
}

/// XML: an element lies inside the one that holds it, and the limits are kept.
@Sendable func fuzzXML(_ bytes: UnsafeBufferPointer<UInt8>) {
  let body = Array(bytes)
  do throws(XMLError) {
    let root = try XMLElement.parse(body)
    look(at: root, depth: 1)
  } catch {
    require(error.line >= 1 && error.column >= 1 && !error.problem.isEmpty)
  }
  for charset in ["utf-8", "iso-8859-1", "us-ascii", "utf-16"] { _ = try? XMLElement.parse(body, charset: charset) }
}

private func look(at element: XMLElement, depth: Int) {
  require(depth <= 64 && !element.name.isEmpty)
  let text = element.text
  var inner = 0
  for child in element.children {
    look(at: child, depth: depth + 1)
    inner += child.text.utf8.count
    require(element.child(child.name) != nil)
  }
  require(inner <= text.utf8.count, "text of a child that is not in its parent")
  _ = element.attributes
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
