/// One `name[:arch] [(operator version)]` of a dependency field.
package struct PackageRelation: Sendable, Hashable {
  /// How a version must stand to the one that is named.
  package enum Operator: Sendable, Hashable {
    case earlier, earlierOrEqual, equal, laterOrEqual, later

    package func holds(_ comparison: Int) -> Bool {
      switch self {
      case .earlier: comparison < 0
      case .earlierOrEqual: comparison <= 0
      case .equal: comparison == 0
      case .laterOrEqual: comparison >= 0
      case .later: comparison > 0
      }
    }

    fileprivate var symbol: String {
      switch self {
      case .earlier: "<<"
      case .earlierOrEqual: "<="
      case .equal: "="
      case .laterOrEqual: ">="
      case .later: ">>"
      }
    }
  }

  package let name: String
  /// What stands behind the colon: `any`, `native` or an architecture; nil without one.
  package let architecture: String?
  package let constraint: Constraint?

  package struct Constraint: Sendable, Hashable {
    package let relation: Operator
    package let version: DebianVersion

    package func accepts(_ candidate: DebianVersion) -> Bool {
      relation.holds(DebianVersion.compare(candidate, version))
    }
  }

  /// As it is written in a control file.
  package var description: String {
    let qualified = architecture.map { "\(name):\($0)" } ?? name
    return constraint.map { "\(qualified) (\($0.relation.symbol) \($0.version))" } ?? qualified
  }

  /// Reads a dependency field: groups separated by commas, alternatives inside a group by bars.
  ///
  /// Source: deb-control(5) and Debian Policy 7.1. Architecture lists and build profiles, which binary packages do not
  /// have, are skipped. The old `<` and `>` mean `<=` and `>=`, as for dpkg.
  /// - Returns: nil when the field is malformed.
  package static func groups(_ bytes: UnsafeBufferPointer<UInt8>) -> [[PackageRelation]]? {
    var reader = Reader(bytes: bytes)
    return reader.groups()
  }

  private struct Reader {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
      while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D { position += 1 }
    }

    mutating func groups() -> [[PackageRelation]]? {
      var result: [[PackageRelation]] = []
      while true {
        skipSpace()
        // A comma too many is common and harmless.
        while current == 0x2C {
          position += 1
          skipSpace()
        }
        guard current != nil else { return result }
        var alternatives: [PackageRelation] = []
        while true {
          guard let relation = relation() else { return nil }
          alternatives.append(relation)
          skipSpace()
          guard current == 0x7C else { break }
          position += 1
          skipSpace()
        }
        result.append(alternatives)
        guard current == nil || current == 0x2C else { return nil }
      }
    }

    private mutating func word(until isEnd: (UInt8) -> Bool) -> String? {
      let start = position
      while let byte = current, byte > 0x20, !isEnd(byte) { position += 1 }
      return position > start ? String(decoding: bytes[start..<position], as: UTF8.self) : nil
    }

    private mutating func relation() -> PackageRelation? {
      let isDelimiter: (UInt8) -> Bool = { [0x2C, 0x7C, 0x28, 0x5B, 0x3C, 0x3A, 0x29].contains($0) }
      guard let name = word(until: isDelimiter) else { return nil }
      var architecture: String?
      if current == 0x3A {
        position += 1
        architecture = word(until: isDelimiter)
        if architecture == nil { return nil }
      }
      skipSpace()
      var constraint: Constraint?
      if current == 0x28 {
        position += 1
        skipSpace()
        let symbolStart = position
        while let byte = current, byte == 0x3C || byte == 0x3D || byte == 0x3E { position += 1 }
        let relation: Operator
        switch String(decoding: bytes[symbolStart..<position], as: UTF8.self) {
        case "<<": relation = .earlier
        case "<=", "<": relation = .earlierOrEqual
        case "=", "": relation = .equal
        case ">=", ">": relation = .laterOrEqual
        case ">>": relation = .later
        default: return nil
        }
        skipSpace()
        guard let version = word(until: { $0 == 0x29 }) else { return nil }
        skipSpace()
        guard current == 0x29 else { return nil }
        position += 1
        constraint = Constraint(relation: relation, version: DebianVersion(version))
        skipSpace()
      }
      for (opening, closing) in [(UInt8(0x5B), UInt8(0x5D)), (0x3C, 0x3E)] {
        while current == opening {
          while let byte = current, byte != closing { position += 1 }
          guard current == closing else { return nil }
          position += 1
          skipSpace()
        }
      }
      return PackageRelation(name: name, architecture: architecture, constraint: constraint)
    }
  }
}
