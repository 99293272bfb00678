import DataTree
import Foundation
import Yams

/// Turns the files of `Data/` into one Swift source: `embed-data OUTPUT DATA-DIRECTORY FILE...`.
///
/// A `.yaml` file is parsed here, at build time, and stored in the encoding of `DataTree`; every other file is stored as
/// it is. Each becomes one raw `StaticString` literal, since an array literal of bytes takes the compiler minutes
/// (swift-package-manager issue 6923). What such a literal would change silently is refused: carriage returns, NUL
/// bytes and text that is not UTF-8.
@main
struct EmbedData {
  enum Failure: Error, CustomStringConvertible {
    case usage
    case notText(String, String)
    case notYAML(String, String)

    var description: String {
      switch self {
      case .usage: "usage: embed-data OUTPUT DATA-DIRECTORY FILE..."
      case .notText(let path, let what): "\(path): error: \(what): bundled files are UTF-8 text with LF line ends"
      case .notYAML(let path, let what): "\(path): error: \(what)"
      }
    }
  }

  static func main() {
    do {
      try run(Array(CommandLine.arguments.dropFirst()))
    } catch {
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      exit(1)
    }
  }

  static func run(_ arguments: [String]) throws {
    guard arguments.count >= 2 else { throw Failure.usage }
    let root = arguments[1].hasSuffix("/") ? arguments[1] : arguments[1] + "/"
    let files = try arguments.dropFirst(2).sorted().map { path in
      (name: String(path.dropFirst(root.count)), text: try content(of: path))
    }
    var source = "extension BundledFile {\n  static let all: [BundledFile] = [\n"
    for index in files.indices {
      source += "    BundledFile(path: \"\(files[index].name)\", content: file\(index)),\n"
    }
    source += "  ]\n}\n"
    for (index, file) in files.enumerated() {
      let fence = String(repeating: "#", count: longestRunOfHashes(file.text) + 1)
      source += "\nprivate let file\(index): StaticString = \(fence)\"\"\"\n\(file.text)\n\"\"\"\(fence)\n"
    }
    try Data(source.utf8).write(to: URL(fileURLWithPath: arguments[0]))
  }

  /// The text to store for a file: the encoded tree of a YAML file, the bytes of any other.
  static func content(of path: String) throws -> String {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    guard let text = String(data: data, encoding: .utf8) else { throw Failure.notText(path, "not UTF-8") }
    guard !data.contains(0x0D) else { throw Failure.notText(path, "carriage return") }
    guard !data.contains(0x00) else { throw Failure.notText(path, "NUL byte") }
    guard path.hasSuffix(".yaml") else { return text }
    do {
      guard let node = try Yams.compose(yaml: text) else { throw Failure.notYAML(path, "empty document") }
      return String(decoding: encode(node), as: UTF8.self)
    } catch let error as YamlError {
      throw Failure.notYAML(path, "\(error)")
    }
  }

  static func encode(_ node: Node) -> [UInt8] {
    switch node {
    case .scalar(let scalar): DataTreeEncoder.string(scalar.string)
    case .sequence(let sequence): DataTreeEncoder.list(sequence.map(encode))
    case .mapping(let mapping):
      DataTreeEncoder.map(mapping.map { (key: $0.key.string ?? "", value: encode($0.value)) })
    case .alias: DataTreeEncoder.string("")
    }
  }

  static func longestRunOfHashes(_ text: String) -> Int {
    var longest = 0
    var current = 0
    for byte in text.utf8 {
      current = byte == 0x23 ? current + 1 : 0
      longest = max(longest, current)
    }
    return longest
  }
}
