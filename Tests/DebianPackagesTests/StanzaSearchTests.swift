import HostSystem
import TestSupport
import Testing

@testable import DebianPackages

/// Finding a few packages in long lists.
@Suite struct StanzaSearchTests {
  private let directory: TemporaryDirectory
  private var root: RootDirectory { RootDirectory(directory.path) }

  init() throws { directory = try TemporaryDirectory() }

  private static func stanza(_ name: String, _ rest: String = "") -> String {
    "Package: \(name)\nVersion: 1-1\nArchitecture: amd64\n\(rest)\n"
  }

  private func names(_ text: String, _ prefixes: [String]) throws -> [String] {
    try directory.write("list", text: text)
    return try StanzaSearch.stanzas(ofPackages: prefixes, in: "/list", of: root).map { bytes in
      String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("Package: ") }.map(String.init)
        ?? ""
    }
  }

  @Test func `stanzas are found at both ends and between`() throws {
    let text =
      Self.stanza("linux-a") + Self.stanza("bash") + Self.stanza("linux-b") + Self.stanza("zsh")
      + Self.stanza("linux-c")
    #expect(try names(text, ["linux-"]) == ["Package: linux-a", "Package: linux-b", "Package: linux-c"])
    #expect(try names(text, ["linux-b", "linux-", "bash\n"]).count == 4)
    #expect(try names(text, ["ash"]).isEmpty)
    #expect(try names("", ["linux-"]).isEmpty)
  }

  @Test func `the name may stand behind other fields and inside none`() throws {
    let text =
      "Version: 1-1\n" + Self.stanza("linux-a") + Self.stanza("bash", "Description: x\n Package: linux-b\n")
      + Self.stanza("zsh", "Old-Package: linux-c\n")
    #expect(try names(text, ["linux-"]) == ["Package: linux-a"])
  }

  @Test func `many hits inside one stanza cost no more than one`() throws {
    let text = String(repeating: "Package: linux-a\n", count: 200_000)
    #expect(try names(text, ["linux-", "linux-a"]).count == 1)
  }

  @Test(arguments: ["gzip", "xz", "zstd", "lz4"])
  func `a compressed list is searched piece by piece`(tool: String) async throws {
    let path = "/usr/bin/\(tool)"
    guard RootDirectory().exists(path) else {
      print("skipped: \(path) is not installed")
      return
    }
    // More than one piece, with stanzas across their borders.
    let text = (0..<40_000).map { Self.stanza($0 % 1000 == 0 ? "linux-\($0)" : "other-\($0)") }.joined()
    let plain = try directory.write("plain", text: text)
    let ending = ["gzip": ".gz", "xz": ".xz", "zstd": ".zst", "lz4": ".lz4"][tool] ?? ""
    let outcome = try await ToolboxProcess.run(
      path: path, tool == "lz4" ? ["-q", plain, plain + ending] : tool == "zstd" ? ["-q", plain] : [plain])
    #expect(outcome.status == 0)
    let found = try StanzaSearch.stanzas(ofPackages: ["linux-"], in: "/plain" + ending, of: root)
    #expect(found.count == 40)
    #expect(found.allSatisfy { $0.suffix(20).elementsEqual("Architecture: amd64\n".utf8) })
  }

  @Test func `only lists of the architecture are searched`() throws {
    for name in ["a_main_binary-amd64", "a_main_binary-i386", "a_main_binary-all", "flat"] {
      try directory.write(
        "var/lib/apt/lists/\(name)_Packages", text: Self.stanza("linux-image-\(name.replacingUnderscores)"))
    }
    let found = try StanzaSearch.offers(ofPackages: ["linux-image-"], architecture: "amd64", from: root)
    #expect(found.listCount == 3)
    #expect(found.offers.count == 3)
    #expect(!found.offers.contains { $0.id.name.contains("i386") })
    #expect(found.problems.isEmpty)
  }
}

extension String {
  fileprivate var replacingUnderscores: String { String(map { $0 == "_" ? "-" : $0 }) }
}
