import BundledData
import DataTree
package import HostSystem

/// What is known of a distribution: its archives and the metapackages that stand for its stock set.
package struct DistributionProfile: Sendable, Equatable {
  package let id: String
  package let name: String
  /// The names in the `Origin` field of its archives, those of its base included.
  package let origins: Set<String>
  /// Patterns of the metapackages whose dependencies and recommendations are stock.
  package var roots: [NamePattern] { ownRoots + baseRoots }
  private let ownRoots: [NamePattern]
  private let baseRoots: [NamePattern]
  /// The packages of priority standard or above, for systems without package lists.
  package let base: Set<String>
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

  /// The profile of a system that is told by what is installed rather than by what it says.
  ///
  /// Some derivatives keep the os-release of their base (Raspberry Pi OS of 64 bits says Debian); their profiles name the
  /// packages that tell them with `told-by`. A system that says nothing is told by the metapackages that it has.
  /// - Parameter installed: the names of present packages.
  package static func of(_ release: OSRelease, installed: Set<String>) -> DistributionProfile? {
    let ids = BundledFile.inside("distributions").compactMap { $0.tree?.string("id") }
    let told = ids.first { id in
      BundledFile.at("distributions/\(id).yaml")?.tree?.strings("told-by").contains(where: installed.contains) ?? false
    }
    if let told { return named(told) }
    if let said = of(release) { return said }
    guard release.fields.isEmpty else { return nil }
    let counts = ids.compactMap(named).map { profile in
      (profile, profile.ownRoots.filter { $0.isExact && installed.contains($0.text) }.count)
    }
    return counts.filter { $0.1 > 0 }.max { ($0.1, $1.0.id) < ($1.1, $0.0.id) }?.0
  }

  private static func named(_ id: String) -> DistributionProfile? { named(id, depth: 0) }

  private static func named(_ id: String, depth: Int) -> DistributionProfile? {
    guard depth < 4, let tree = BundledFile.at("distributions/\(id).yaml")?.tree, tree.string("id") == id else {
      return nil
    }
    let base = tree.string("base").flatMap { named($0, depth: depth + 1) }
    return DistributionProfile(
      id: id, name: tree.string("name") ?? id,
      origins: Set(tree.strings("origins")).union(base?.origins ?? []),
      ownRoots: tree.strings("roots").map(NamePattern.init), baseRoots: base?.roots ?? [],
      base: Set(tree.strings("base")).union(base?.base ?? []),
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
    guard name.utf8.starts(with: pieces[0]) else { return false }
    let bytes = Array(name.utf8)
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
