import HostSystem
import TestSupport
import Testing

@testable import KernelReleases

@Suite struct FingerBannerTests {
  private func read(_ text: String) throws -> FeedSnapshot { try FeedReader.read(Array(text.utf8)) }

  private func rows(_ snapshot: FeedSnapshot) -> [String] {
    snapshot.rows.map { "\($0.channel) \($0.version)\($0.isEndOfLife ? " EOL" : "")" }
  }

  @Test(.enabled(if: SharedCases.isPresent("kernel/samples/finger_banner/2024-05-10"), "\(SharedCases.reason)"))
  func `the real banner of 10 May 2024 is read without a warning`() throws {
    let path = try #require(SharedCases.path("kernel/samples/finger_banner/2024-05-10"))
    let snapshot = try FeedReader.read(try RootDirectory().read(path))
    #expect(snapshot.format == .fingerBanner)
    #expect(snapshot.warnings == [])
    #expect(
      rows(snapshot) == [
        "mainline 6.9-rc7", "stable 6.8.9", "longterm 6.6.30", "longterm 6.1.90", "longterm 5.15.158",
        "longterm 5.10.216", "longterm 5.4.275", "longterm 4.19.313", "linux-next next-20240510",
      ])
    #expect(snapshot.rows.allSatisfy { $0.day == $0.version.snapshotDay && $0.time == nil && $0.archive == nil })
    #expect(snapshot.rows.last?.day == CalendarDay("2024-05-10"))
  }

  @Test(arguments: ["\n", "\r\n", "\r", "\n\n"])
  func `blanks, tabs, line ends and a missing final one change nothing`(lineEnd: String) throws {
    let lines = [
      "The latest mainline version of the Linux kernel is:\t6.9-rc7",
      "  The  latest stable\t6.8 version of  the Linux kernel is:6.8.9\t (EOL)  ",
      "the latest longterm 6.6 version of the linux kernel is : 6.6.30(eol)",
      "The latest version of the Linux kernel is: 2.6.14.2",
      "The latest mainline 3 version of the Linux kernel is: 3.5-rc1",
      "The latest super longterm 4.4 version of the Linux kernel is: 4.4.302",
    ]
    let snapshot = try read(lines.joined(separator: lineEnd))
    #expect(
      rows(snapshot) == [
        "mainline 6.9-rc7", "stable 6.8.9 EOL", "longterm 6.6.30 EOL", "stable 2.6.14.2", "mainline 3.5-rc1",
        "super longterm 4.4.302",
      ])
    #expect(snapshot.warnings == [])
  }

  @Test func `the line without a series is a row only where no other line has its version`() throws {
    #expect(
      rows(
        try read(
          "The latest stable version of the Linux kernel is: 6.9.1\nThe latest longterm 6.6 version of the Linux kernel is: 6.6.30"
        )) == ["stable 6.9.1", "longterm 6.6.30"])
    #expect(
      rows(
        try read(
          "The latest stable version of the Linux kernel is: 6.6.30\nThe latest longterm 6.6 version of the Linux kernel is: 6.6.30"
        )) == ["longterm 6.6.30"])
  }

  @Test func `a version of another series, no version and other lines are told`() throws {
    let snapshot = try read(
      """
      Welcome to kernel.org
      The latest longterm 6.6 version of the Linux kernel is: 6.60.1
      The latest stable 6.8 version of the Linux kernel is:
      The latest stable 6.9 version of the Linux kernel is: soon
      """)
    #expect(rows(snapshot) == ["longterm 6.60.1"])
    #expect(
      snapshot.warnings == [
        "\"Welcome to kernel.org\" is no line of the banner and was left out",
        "the latest longterm 6.6: 6.60.1 is of another series; the version is taken",
        "the latest stable 6.8: \"\" is no kernel version; the line was left out",
        "the latest stable 6.9: \"soon\" is no kernel version; the line was left out",
      ])
  }

  @Test func `what is no banner is refused with its reason`() {
    #expect(throws: FeedError.unknownFormat("The latest snapshot for ")) {
      _ = try read("The latest snapshot for the stable Linux kernel tree is: 2.6.20-git4")
    }
    #expect(throws: FeedError.noUsableRow(rows: 1)) {
      _ = try read("The latest stable version of the Linux kernel is: six")
    }
    #expect(throws: FeedError.tooManyRows(2001)) {
      _ = try read(
        "The latest stable version of the Linux kernel is: 6.1\n" + String(repeating: "x\n", count: 2500))
    }
  }
}
