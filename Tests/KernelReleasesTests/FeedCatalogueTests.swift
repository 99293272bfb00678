import Curl
import Testing

@testable import KernelReleases

@Suite struct FeedCatalogueTests {
  @Test func `the primary feed is kernel_org's and is asked every 15 minutes at most`() throws {
    let selection = try FeedCatalogue.selection([])
    let source = try #require(selection.first.first)
    #expect(selection.required == 1)
    #expect(source.address.text == "https://www.kernel.org/releases.json")
    #expect(source.minimumInterval == 900)
    #expect(try FeedCatalogue.source("kernel.org") == source)
    #expect(try FeedCatalogue.source(source.address.text) == source)
  }

  @Test func `another address is its owner's business and a wrong word is refused`() throws {
    #expect(try FeedCatalogue.source("http://mirror.example.org/r.json").minimumInterval == 0)
    #expect(throws: FeedNameError.self) { _ = try FeedCatalogue.source("kernel") }
    #expect(throws: HTTPError.self) { _ = try FeedCatalogue.source("ftp://mirror.example.org/r.json") }
  }

  @Test func `the second opinions and the sources for gaps are asked on their occasions only`() throws {
    let selection = try FeedCatalogue.selection([])
    #expect(selection.first.map(\.name) == ["kernel.org", "endoflife"])
    #expect(selection.further.filter { $0.occasion == .doubt }.map(\.name) == ["kdist", "finger-banner"])
    #expect(selection.further.filter { $0.occasion == .gap && !$0.covers.isEmpty }.count == 3)
  }

  @Test func `every feed has a format that is read here`() throws {
    for source in try FeedCatalogue.load() {
      #expect(source.format.map { FeedReader.formats.contains($0) } == true, "\(source.name)")
    }
  }

  @Test func `feeds that are named are all that is asked, each once, and all of them count`() throws {
    let selection = try FeedCatalogue.selection(["kdist", "http://mirror.example.org/r.json", "kdist"])
    #expect(selection.first.map(\.name) == ["kdist", "http://mirror.example.org/r.json"])
    #expect(selection.further.isEmpty)
    #expect(selection.required == 2)
  }

  @Test(arguments: [("30s", 30), ("15m", 900), ("2h", 7200), ("1d", 86_400), ("0s", 0)])
  func `lengths of time are a number and a unit`(text: String, expected: Int) {
    #expect(seconds(from: text) == expected)
  }

  @Test(arguments: ["", "s", "10", "-1s", "1.5h", "1w", "99999999999999999999s", "9999999999d", "1 h"])
  func `what is no length of time is refused`(text: String) {
    #expect(seconds(from: text) == nil)
  }
}
