import DataTree
import FoundationEssentials
import TestSupport
import Testing

@testable import BundledData

/// What the build compiled in, against the files that people edit.
@Suite struct BundledDataTests {
  private var directory: String { SharedCases.projectDirectory + "/Data" }

  private func files(below folder: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory + "/" + folder).filter { !$0.hasPrefix(".") }
      .flatMap { name -> [String] in
        let path = folder.isEmpty ? name : folder + "/" + name
        var isDirectory = false
        _ = FileManager.default.fileExists(atPath: directory + "/" + path, isDirectory: &isDirectory)
        return isDirectory ? try files(below: path) : [path]
      }
  }

  @Test func `every file of Data is bundled and nothing else`() throws {
    #expect(BundledFile.files.map { "\($0.path)" }.sorted() == (try files()).sorted())
  }

  @Test func `text files are bundled byte for byte`() throws {
    for file in BundledFile.files where file.tree == nil {
      let data = try Data(contentsOf: URL(fileURLWithPath: directory + "/\(file.path)"))
      #expect(file.withBytes { Array($0) } == Array(data), "\(file.path)")
    }
  }

  @Test func `every YAML file is a document with entries`() throws {
    for file in BundledFile.files where file.path.description.hasSuffix(".yaml") {
      let tree = try #require(file.tree, "\(file.path)")
      #expect(!tree.entries.isEmpty, "\(file.path)")
    }
  }

  @Test func `files are found by path and by folder`() {
    #expect(BundledFile.at("distributions/debian.yaml")?.tree?.string("id") == "debian")
    #expect(BundledFile.at("nothing.yaml") == nil)
    #expect(BundledFile.inside("distributions").allSatisfy { $0.path.description.hasPrefix("distributions/") })
    #expect(!BundledFile.inside("perf").contains { $0.path.description.contains("recipes/") })
  }
}
