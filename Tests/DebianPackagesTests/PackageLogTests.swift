import Testing

@testable import DebianPackages

@Suite struct PackageLogTests {
  private func log(_ files: String...) -> PackageLog {
    var log = PackageLog()
    for file in files {
      withBytes(Array(file.utf8)) { (buffer) throws(Never) in log.take(dpkgLog: buffer) }
    }
    return log
  }

  @Test func `the last word on a package counts`() {
    let old = """
      2026-01-01 10:00:00 startup packages remove
      2026-01-01 10:00:01 status installed gone:amd64 1.0
      2026-01-01 10:00:02 remove gone:amd64 1.0 <none>
      2026-01-01 10:00:03 remove back:amd64 1.0 <none>
      2026-01-01 10:00:04 remove upgraded:amd64 1.0 <none>

      """
    let new = """
      2026-02-01 10:00:00 purge gone:amd64 1.0 <none>
      2026-02-01 10:00:01 install back:amd64 <none> 1.1
      2026-02-01 10:00:02 upgrade upgraded:amd64 1.0 1.1
      2026-02-01 10:00:03 purge direct:all 2.0 <none>
      2026-02-01 10:00:04 purge residue:all <none> <none>
      2026-02-01 10:00:05 remove later:i386 3.0 <none>
      """
    #expect(
      log(old, new).removals == [
        "gone": .init(time: "2026-01-01 10:00:02", version: "1.0"),
        "direct": .init(time: "2026-02-01 10:00:03", version: "2.0"),
        "later": .init(time: "2026-02-01 10:00:05", version: "3.0"),
      ])
  }

  @Test(arguments: [
    "", "\n\n", "remove a:amd64 1.0 <none>", "2026-01-01 10:00:02 remove", "2026-01-01 10:00:02 remove a:amd64",
    "2026-01-01 10:00:02 removed a:amd64 1.0 <none>", "1 2                 remove a:amd64 1.0 <none>",
    "2026-01-01T10:00:02 remove a:amd64 1.0 <none>", "2026-01-01 10:00:02  remove a:amd64 1.0 <none>",
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0r\0\0\0\0\0\0\0\0\0\0\0",
  ])
  func `lines of another form are passed over`(text: String) {
    #expect(log(text).removals.isEmpty)
  }

  @Test func `no damage to a log stops the reader`() {
    var found = 0
    forEachDamagedForm(
      of: Array("2026-01-01 10:00:02 remove a:amd64 1.0 <none>\n2026-01-01 10:00:03 purge : 1.0 x\n".utf8)
    ) {
      var log = PackageLog()
      withBytes($0) { (buffer) throws(Never) in log.take(dpkgLog: buffer) }
      found += log.removals.count
    }
    #expect(found > 0)
  }
}
