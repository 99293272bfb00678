package import HostSystem

/// A condition on a comparison, for scripts: `total(FUNCTION) > +5%`, `self(FUNCTION) >= 0.5 points`.
///
/// The number is the change: in percent of what the function's share was, or in points of percent of the whole.
package struct FailCondition: Sendable, Equatable {
  package enum Measure: String, Sendable { case own = "self", total }
  package enum Relation: String, Sendable, CaseIterable {
    // The longer ones first: they begin as the others do.
    case atLeast = ">=", atMost = "<=", more = ">", less = "<"
  }
  package enum Scale: Sendable { case percent, points }

  package let text: String
  package let measure: Measure
  package let function: String
  package let relation: Relation
  package let limit: Double
  package let scale: Scale

  package enum Failure: ReportableError, Equatable {
    case notUnderstood(String)
    /// Neither profile has the function.
    case noFunction(String)

    package var failureKind: FailureKind { .usage }

    package var message: String {
      switch self {
      case .notUnderstood(let text):
        "'\(text)': no condition; write total(FUNCTION) > +5%, self(FUNCTION) > 0.5 points, or the like"
      case .noFunction(let name):
        "neither profile has a function '\(name)'; names are compared whole, as report prints them"
      }
    }
  }

  package init(_ text: String) throws(Failure) {
    let trimmed = text.drop { $0 == " " }
    guard let open = trimmed.firstIndex(of: "("), let measure = Measure(rawValue: String(trimmed[..<open])),
      // Names hold brackets and relations too; the last bracket that a relation follows closes the name.
      let (close, relation, rest) = Self.ending(of: trimmed[trimmed.index(after: open)...])
    else { throw .notUnderstood(text) }
    let name = String(trimmed[trimmed.index(after: open)..<close])
    var number = rest.filter { $0 != " " }
    let scale: Scale
    if number.hasSuffix("%") {
      number.removeLast()
      scale = .percent
    } else if let word = ["points", "point", "pp"].first(where: number.hasSuffix) {
      number.removeLast(word.count)
      scale = .points
    } else {
      throw .notUnderstood(text)
    }
    guard !name.isEmpty, !number.isEmpty, number.allSatisfy({ $0.isASCII && ($0.isNumber || "+-.".contains($0)) }),
      let limit = Double(number), limit.isFinite
    else { throw .notUnderstood(text) }
    self.text = text
    self.measure = measure
    function = name
    self.relation = relation
    self.limit = limit
    self.scale = scale
  }

  private static func ending(of text: Substring) -> (close: String.Index, Relation, rest: String)? {
    for close in text.indices.reversed() where text[close] == ")" {
      let behind = text[text.index(after: close)...].drop { $0 == " " }
      if let relation = Relation.allCases.first(where: { behind.hasPrefix($0.rawValue) }) {
        return (close, relation, String(behind.dropFirst(relation.rawValue.count)))
      }
    }
    return nil
  }

  /// The change that the condition is about, in its scale; infinity for a function that is new, on the scale of percent.
  /// - Throws: ``Failure/noFunction(_:)``
  package func change(in difference: ProfileDifference) throws(Failure) -> Double {
    guard let row = difference.function(function) else { throw .noFunction(function) }
    let change = measure == .own ? row.own : row.total
    return scale == .points ? change.points : change.relative ?? .infinity
  }

  /// Whether the condition is met.
  package func isMet(by change: Double) -> Bool {
    switch relation {
    case .more: change > limit
    case .atLeast: change >= limit
    case .less: change < limit
    case .atMost: change <= limit
    }
  }
}
