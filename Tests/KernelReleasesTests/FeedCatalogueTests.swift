import Curl
import Testing

@testable import KernelReleases

@Suite struct FeedCatalogueTests {
  @Test func `the primary feed is kernel_org's and is asked every 15 minutes at most`() throws {
    let source = try FeedCatalogue.source(nil)
    #expect(source.address.text == "https://www.kernel.org/releases.json")
    #expect(source.minimumInterval == 900)
    #expect(try FeedCatalogue.source("kernel.org") == source)
    #expect(try FeedCatalogue.source(source.address.text) == source)
  }

  @Test func `another address is its owner's business and a wrong word is refused`() throws {
    #expect(try FeedCatalogue.source("http://mirror.example.org/r.json").minimumInterval == 0)
    #expect(throws: HTTPError.self) { _ = try FeedCatalogue.source("kernel") }
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
