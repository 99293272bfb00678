import HostSystem
import TestSupport
import Testing

@testable import KernelReleases

@Suite struct FeedReaderTests {
  private func read(_ text: String) throws -> FeedSnapshot { try FeedReader.read(Array(text.utf8)) }

  @Test func `a row is read whatever the order of its keys and whatever else stands there`() throws {
    let snapshot = try read(
      """
      {"latest_stable": {"version": "6.12.1"}, "future": [1, {"deep": null}], "releases": [
        {"version": "6.13-rc2", "released": {"isodate": "2024-12-08", "timestamp": 1733695200}, "iseol": false,
         "moniker": "mainline", "pgp": null, "new_key": {"a": []}, "source": "https://git.kernel.org/x.tar.gz"}]}
      """)
    let row = try #require(snapshot.rows.first)
    #expect(row.version.description == "6.13-rc2")
    #expect(row.channel == .mainline)
    #expect(row.day?.description == "2024-12-08")
    #expect(row.time?.secondsSinceEpoch == 1_733_695_200)
    #expect(row.archive == "https://git.kernel.org/x.tar.gz")
    #expect(snapshot.warnings.isEmpty)
  }

  @Test func `numbers as strings, truth as words and unknown monikers are taken`() throws {
    let snapshot = try read(
      #"{"releases":[{"moniker":"superlongterm","version":"6.1.5","iseol":"true","released":{"timestamp":"1673524800"}}]}"#
    )
    let row = try #require(snapshot.rows.first)
    #expect(row.channel.rawValue == "superlongterm")
    #expect(row.isEndOfLife)
    #expect(row.day?.description == "2023-01-12")
  }

  @Test func `null in any place is survived`() throws {
    let snapshot = try read(
      #"{"releases":[null,{"version":null},{"moniker":null,"version":"6.1.5","iseol":null,"released":null},{"version":"6.1.4","released":{"timestamp":null,"isodate":null},"source":null}]}"#
    )
    #expect(snapshot.rows.map(\.version.description) == ["6.1.5", "6.1.4"])
    #expect(snapshot.rows[0].channel == .stable)
    #expect(snapshot.rows[0].day == nil)
    #expect(snapshot.warnings.count == 4)
  }

  @Test func `of a key that stands twice the last counts`() throws {
    let snapshot = try read(#"{"releases":[],"releases":[{"version":"6.1","version":"6.2","moniker":"mainline"}]}"#)
    #expect(snapshot.rows.map(\.version.description) == ["6.2"])
  }

  @Test func `times beyond every calendar do no harm`() throws {
    let snapshot = try read(
      #"{"releases":[{"version":"6.1","released":{"timestamp":99999999999999999999999}},{"version":"6.2","released":{"timestamp":-9223372036854775808}},{"version":"6.3","released":{"timestamp":1e300,"isodate":"2023-04-23"}}]}"#
    )
    #expect(snapshot.rows.map { $0.day?.description } == [nil, nil, "2023-04-23"])
  }

  @Test func `days that disagree are told`() throws {
    let snapshot = try read(
      #"{"releases":[{"version":"6.1","released":{"timestamp":0,"isodate":"2022-12-11"}}]}"#)
    #expect(snapshot.rows[0].day?.description == "2022-12-11")
    #expect(snapshot.rows[0].time == nil)
    #expect(snapshot.warnings.count == 1)
  }

  static let malformed: [(String, [UInt8], FeedError)] = [
    ("empty body", [], .empty), ("only white space", Array(" \n\t\r\n".utf8), .empty),
    ("html page", Array("<!DOCTYPE html>\n<title>Login</title>".utf8), .htmlPage),
    ("html page without doctype", Array("\n<HTML><HEAD></HEAD></HTML>".utf8), .htmlPage),
    ("plain text", Array("404 page not found".utf8), .unknownFormat("404 page not found")),
    ("xml", Array("<?xml version=\"1.0\"?><a/>".utf8), .otherXML(root: "a")),
    ("utf-16 with mark", [0xFF, 0xFE, 0x7B, 0x00], .cut(bytes: 4)),
    ("utf-16 without mark", [0x7B, 0x00, 0x22, 0x00], .cut(bytes: 4)),
    ("utf-32 with mark", [0xFF, 0xFE, 0x00, 0x00, 0x7B, 0x00, 0x00, 0x00], .notUTF8),
    ("utf-32 without mark", [0x7B, 0x00, 0x00, 0x00], .notUTF8),
    ("nul bytes", [0, 0, 0, 0], .notUTF8), ("cut in a key", Array(#"{"rele"#.utf8), .cut(bytes: 6)),
    ("cut in a number", Array(#"{"releases":[1"#.utf8), .cut(bytes: 14)),
    ("cut behind a comma", Array(#"{"releases":[1,"#.utf8), .cut(bytes: 15)),
    (
      "trailing text", Array(#"{"releases":[{"version":"6.1"}]} x"#.utf8),
      .malformed(JSONError(line: 1, column: 34, problem: .trailing))
    ),
    (
      "single quotes", Array("{'releases':[]}".utf8),
      .malformed(JSONError(line: 1, column: 2, problem: .unexpected(0x27)))
    ),
    (
      "line break in a string", Array("{\"releases\":[{\"version\":\"6\n1\"}]}".utf8),
      .malformed(JSONError(line: 1, column: 27, problem: .unexpected(0x0A)))
    ),
    (
      "no list of releases", Array(#"{"latest_stable":{"version":"6.1"}}"#.utf8),
      .without("list \"releases\"", format: .releasesJSON)
    ),
    (
      "releases is no list", Array(#"{"releases":{"version":"6.1"}}"#.utf8),
      .without("list \"releases\"", format: .releasesJSON)
    ),
    ("a list at the top", Array(#"[{"version":"6.1"}]"#.utf8), .unknownFormat(#"[{"version":"6.1"}]"#)),
    ("no rows", Array(#"{"releases":[]}"#.utf8), .noUsableRow(rows: 0)),
    ("no usable version", Array(#"{"releases":[{"version":"six"},{"moniker":"stable"}]}"#.utf8), .noUsableRow(rows: 2)),
    (
      "nested too deep", Array(String(repeating: "[", count: 100_000).utf8),
      .malformed(JSONError(line: 1, column: 66, problem: .tooDeep))
    ),
    (
      "millions of values", Array(("[" + String(repeating: "0,", count: 2_000_000) + "0]").utf8),
      .malformed(JSONError(line: 1, column: 500_000, problem: .tooManyValues))
    ),
    (
      "too many rows", Array((#"{"releases":["# + String(repeating: "0,", count: 2500) + "0]}").utf8),
      .tooManyRows(2501)
    ),
  ]

  @Test(arguments: malformed.map(\.0)) func `what is no feed is refused with its reason`(name: String) throws {
    let (_, bytes, error) = try #require(Self.malformed.first { $0.0 == name })
    #expect(throws: error) { _ = try FeedReader.read(bytes) }
  }

  @Test func `a feed cut or changed at any byte never crashes the reader`() {
    let feed = Array(Self.small.utf8)
    for length in 0..<feed.count {
      #expect(throws: FeedError.self) { _ = try FeedReader.read(Array(feed[..<length])) }
    }
    for index in feed.indices {
      for byte in [UInt8(0x00), 0x22, 0x5C, 0x7B, 0x7D, 0x5D, 0x2C, 0x39, 0xFF] {
        var changed = feed
        changed[index] = byte
        do throws(FeedError) {
          _ = try FeedReader.read(changed)
        } catch {
          #expect(!error.finding.isEmpty)
        }
      }
    }
  }

  static let small =
    #"{"releases":[{"moniker":"stable","version":"6.1.5","iseol":false,"released":{"timestamp":1673524800,"isodate":"2023-01-12"},"source":"\u00e9\ud83d\ude00\n"}]}"#

  @Test(.enabled(if: SharedCases.isPresent("kernel/samples/releases-json/2026-08-30.json"), "\(SharedCases.reason)"))
  func `the real feed of 30 August 2026 is read without a warning`() throws {
    let path = try #require(SharedCases.path("kernel/samples/releases-json/2026-08-30.json"))
    let snapshot = try FeedReader.read(try RootDirectory().read(path))
    #expect(snapshot.rows.count == 10)
    #expect(snapshot.rows.first?.version.description == "7.3-rc1")
    #expect(snapshot.rows.last?.channel == .linuxNext)
    #expect(snapshot.warnings.isEmpty)
  }
}
