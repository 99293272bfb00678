package import DataTree
import HostSystem
import Yams

/// A YAML file that somebody wrote, in the form of the data that the program carries, with the place of each value.
package struct LocatedTree {
  /// The file, for messages.
  package let path: String
  package let tree: DataTree
  private let root: Node

  /// A step from a value to one inside of it.
  package enum Step: Sendable, Equatable {
    case key(String)
    case item(Int)
  }

  /// Files of more aliases than this are refused, see ``YAMLFile``; what they stand for is copied.
  private static let largestTree = 8 << 20

  /// - Throws: ``ConfigurationError``, unless the text is a mapping.
  package init(parsing bytes: [UInt8], path: String) throws(ConfigurationError) {
    let file = try YAMLFile(bytes, path: path)
    self.path = path
    root = .mapping(file.root)
    let encoded = Self.encode(root)
    guard encoded.count <= Self.largestTree, let tree = DataTree(encoded: encoded) else {
      throw .notYAML(path: path, line: 1, column: 1, what: "too large")
    }
    self.tree = tree
  }

  /// Line and column of a value, from 1; of the last value on the way where the rest is not there. Keys are found at the key.
  package func position(of steps: [Step]) -> (line: Int, column: Int) {
    var node = root
    var mark = root.mark
    for step in steps {
      switch (step, node) {
      case (.key(let key), .mapping(let mapping)):
        guard let pair = mapping.first(where: { $0.key.string == key }) else {
          return (mark?.line ?? 1, mark?.column ?? 1)
        }
        mark = pair.key.mark ?? mark
        node = pair.value
      case (.item(let index), .sequence(let sequence)) where index < sequence.count:
        node = sequence[index]
        mark = node.mark ?? mark
      default: return (mark?.line ?? 1, mark?.column ?? 1)
      }
    }
    return (mark?.line ?? 1, mark?.column ?? 1)
  }

  private static func encode(_ node: Node) -> [UInt8] {
    switch node {
    case .scalar(let scalar): DataTreeEncoder.string(scalar.string.harmless)
    case .sequence(let sequence): DataTreeEncoder.list(sequence.map(encode))
    case .mapping(let mapping):
      DataTreeEncoder.map(mapping.map { (key: $0.key.string ?? "", value: encode($0.value)) })
    case .alias: DataTreeEncoder.string("")
    }
  }
}
