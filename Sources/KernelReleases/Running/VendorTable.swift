import BundledData
import DataTree

/// The shipped table of those who build kernels: `Data/kernel/vendors.yaml`, which says what each field means.
package struct VendorTable: Sendable {
  /// In the order in which they are asked.
  let rules: [VendorRule]
  /// By ID of os-release: the metapackage of the newest kernel image, by dpkg's name of the architecture.
  private let metapackages: [String: [String: String]]

  /// - Throws: ``TableError`` with the number of the rule, counted from 1.
  init(_ tree: DataTree?) throws(TableError) {
    var rules: [VendorRule] = []
    for item in tree?["vendors"]?.items ?? [] {
      guard let id = item.string("id"), let name = item.string("name"),
        let numbers = item.string("numbers").flatMap(VendorRule.Numbers.init(rawValue:)),
        numbers != .debian || item.string("word") != nil
      else { throw TableError(table: "vendors.yaml", line: rules.count + 1) }
      rules.append(
        VendorRule(
          id: id, name: name, release: item.strings("release").map(LetterPattern.init),
          version: item.strings("version").map(LetterPattern.init),
          banner: item.strings("banner").map(LetterPattern.init),
          signature: item.strings("signature").map(LetterPattern.init), distributions: item.strings("distribution"),
          numbers: numbers, word: item.string("word") ?? "",
          hasOwnSupport: numbers == .frozen || item.string("support") == "vendor", note: item.string("note")))
    }
    guard !rules.isEmpty else { throw TableError(table: "vendors.yaml", line: 0) }
    self.rules = rules
    var metapackages: [String: [String: String]] = [:]
    for item in tree?["metapackages"]?.items ?? [] {
      guard let id = item.string("id"), let names = item["names"]?.entries, !names.isEmpty else {
        throw TableError(table: "vendors.yaml", line: 0)
      }
      for (architecture, name) in names { metapackages[id, default: [:]][architecture] = name.string }
    }
    self.metapackages = metapackages
  }

  /// The table that is compiled into the program.
  /// - Throws: ``TableError``
  package static func shipped() throws(TableError) -> VendorTable {
    try VendorTable(BundledFile.at("kernel/vendors.yaml")?.tree)
  }

  /// The metapackage of the newest kernel image, for a system that has none installed.
  /// - Parameter distributions: ID and ID_LIKE of os-release, the nearest first.
  package func metapackage(distributions: [String], architecture: String) -> String? {
    distributions.lazy.compactMap { metapackages[$0]?[architecture] }.first
  }
}

/// One rule of the table.
struct VendorRule: Sendable {
  let id: String
  let name: String
  let release: [LetterPattern]
  let version: [LetterPattern]
  let banner: [LetterPattern]
  let signature: [LetterPattern]
  let distributions: [String]
  let numbers: Numbers
  let word: String
  /// Whether the vendor keeps its kernels alive after the end of their series.
  let hasOwnSupport: Bool
  let note: String?

  /// Where the upstream release stands; the file says what each word means.
  enum Numbers: String, Sendable {
    case leading, series, debian, ubuntu, mainline, fedora, frozen, imitation
  }

  func matches(_ strings: KernelStrings) -> Bool {
    release.contains { $0.matches(strings.release) } || version.contains { $0.matches(strings.version) }
      || banner.contains { $0.matches(strings.banner) } || signature.contains { $0.matches(strings.signature) }
  }
}
