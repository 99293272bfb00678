import BundledData
import DataTree
package import HostSystem

/// What is known of a distribution: its archives and the metapackages that stand for its stock set.
package struct DistributionProfile: Sendable, Equatable {
  package let id: String
  package let name: String
  /// The names in the `Origin` field of its archives, those of its base included.
  package let origins: Set<String>
  /// Patterns of the hosts that its archives are fetched from, for those that apt has no Release file of.
  package let archives: [NamePattern]
  /// Patterns of the metapackages whose dependencies and recommendations are stock.
  package let roots: [NamePattern]
  /// The group whose members may become root.
  package let administrators: String

  /// The profile of a system, by its id, else by the nearest system that it derives from.
  /// - Returns: nil for a system that is related to none of the known ones.
  package static func of(_ release: OSRelease) -> DistributionProfile? {
    for id in [release.id] + release.like {
      if let profile = named(id) { return profile }
    }
    return nil
  }

  private static func named(_ id: String, depth: Int = 0) -> DistributionProfile? {
    guard depth < 4, let tree = BundledFile.at("distributions/\(id).yaml")?.tree, tree.string("id") == id else {
      return nil
    }
    let base = tree.string("base").flatMap { named($0, depth: depth + 1) }
    return DistributionProfile(
      id: id, name: tree.string("name") ?? id,
      origins: Set(tree.strings("origins")).union(base?.origins ?? []),
      archives: tree.strings("archives").map(NamePattern.init) + (base?.archives ?? []),
      roots: tree.strings("roots").map(NamePattern.init) + (base?.roots ?? []),
      administrators: tree.string("administrators") ?? base?.administrators ?? "sudo")
  }
}

/// A package name in which `*` stands for any run of characters.
package struct NamePattern: Sendable, Equatable {
  package let text: String
  private let pieces: [[UInt8]]

  package init(_ text: String) {
    self.text = text
    pieces = text.split(separator: "*", omittingEmptySubsequences: false).map { Array($0.utf8) }
  }

  package var isExact: Bool { pieces.count == 1 }

  package func matches(_ name: String) -> Bool {
    if isExact { return name == text }
    let bytes = Array(name.utf8)
    guard bytes.starts(with: pieces[0]) else { return false }
    var position = pieces[0].count
    for piece in pieces[1..<(pieces.count - 1)] where !piece.isEmpty {
      guard let found = Self.find(piece, in: bytes, from: position) else { return false }
      position = found + piece.count
    }
    let last = pieces[pieces.count - 1]
    return bytes.count - position >= last.count && bytes.suffix(last.count).elementsEqual(last)
  }

  private static func find(_ piece: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    guard bytes.count - start >= piece.count else { return nil }
    return (start...(bytes.count - piece.count)).first { bytes[$0..<($0 + piece.count)].elementsEqual(piece) }
  }
}
