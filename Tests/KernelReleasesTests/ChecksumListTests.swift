import HostSystem
import TestSupport
import Testing

@testable import KernelReleases

@Suite struct ChecksumListTests {
  private let sum = String(repeating: "0f", count: 32)

  private func read(_ text: String) throws -> FeedSnapshot { try FeedReader.read(Array(text.utf8)) }

  private func versions(_ snapshot: FeedSnapshot) -> [String] {
    guard case .versions(let versions) = snapshot.content else { return [] }
    return versions.map(\.description)
  }

  @Test(
    .enabled(if: SharedCases.isPresent("kernel/samples/sha256sums/linux-v4.x-2017-03-28.asc"), "\(SharedCases.reason)"))
  func `the real list of Linux 4 names every version of its day`() throws {
    let path = try #require(SharedCases.path("kernel/samples/sha256sums/linux-v4.x-2017-03-28.asc"))
    let snapshot = try FeedReader.read(try RootDirectory().read(path))
    #expect(snapshot.format == .sha256sums)
    #expect(snapshot.warnings == [])
    let versions = versions(snapshot)
    #expect(versions.first == "4.0")
    #expect(versions.last == "4.10.3")
    #expect(versions.contains("4.9.15") && !versions.contains("4.9.16"))
    #expect(versions.count == 186)
  }

  @Test func `every kind of kernel file proves its version, and other files nothing`() throws {
    let names = [
      "linux-6.1.tar.xz", "linux-6.1.tar.sign", "patch-6.1.2.xz", "patch-6.1.3-4.xz", "ChangeLog-6.1.5",
      "ChangeLog-6.1.6.sign", "testing/linux-6.2-rc1.tar.gz", "./v6.x/patch-6.2-rc2-rc3.gz", "*linux-2.6.39.4.tar.bz2",
      "sha256sums.asc", "linux-firmware-20230101.tar.xz", "patch-6.1.9-8.xz", "linux-next-20230101.tar", "linux-6.1.7",
      "patch-6.1.3-99999999999999999999.xz", "ChangeLog-6.1-x", "perf-6.1.tar.xz",
    ]
    let snapshot = try read(names.map { "\(sum)  \($0)\r\n" }.joined())
    #expect(
      versions(snapshot) == ["2.6.39.4", "6.1", "6.1.2", "6.1.4", "6.1.5", "6.1.6", "6.2-rc1", "6.2-rc3"])
    #expect(snapshot.warnings == [])
  }

  @Test func `only the signed part counts, and a missing signature is told`() throws {
    let signed = """
      \(sum)  linux-9.1.tar.xz
      -----BEGIN PGP SIGNED MESSAGE-----
      Hash: SHA256

      \(sum)  linux-6.1.tar.xz
      - \(sum)  linux-6.2.tar.xz
      """
    let cut = try read(signed)
    #expect(versions(cut) == ["6.1", "6.2"])
    #expect(cut.warnings.count == 2)
    #expect(cut.warnings.last == "it ends before its signature: the list may be cut")
    let whole = try read(
      signed + "\n-----BEGIN PGP SIGNATURE-----\n\nabc=\n-----END PGP SIGNATURE-----\n\(sum)  linux-9.2.tar.xz\n")
    #expect(versions(whole) == ["6.1", "6.2"])
    #expect(whole.warnings.count == 2)
  }

  @Test func `lines that are no checksums are told, the first fifty of them`() throws {
    let snapshot = try read("\(sum)  linux-6.1.tar.xz\n" + String(repeating: "x\n", count: 100_000))
    #expect(snapshot.warnings.count == 51)
    #expect(snapshot.warnings.last == "and 99950 more of that kind")
  }

  @Test func `a list without a kernel file is refused`() {
    #expect(throws: FeedError.without("kernel file", format: .sha256sums)) {
      _ = try read("\(sum)  alsa-lib-1.2.tar.bz2\n")
    }
    #expect(throws: FeedError.unknownFormat("-----BEGIN PGP SIGNED ME")) {
      _ = try read("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHello\n")
    }
    #expect(throws: FeedError.unknownFormat(String(sum.prefix(24)))) {
      _ = try read("\(sum.dropLast())  linux-6.1.tar.xz\n")
    }
  }
}
