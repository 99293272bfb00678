import BundledData
import DataTree
import DebianPackages
package import HostSystem

/// A rule that keeps packages whoever installed them; see `Data/reset/keep-rules.yaml`.
package struct KeepRule: Sendable {
  package let id: String
  package let reason: String
  /// Facts of which one must hold, each a set of facts that hold together; empty for a rule without condition.
  let conditions: [[String]]
  let flags: Set<String>
  let exactNames: Set<String>
  let patterns: [NamePattern]
  let sets: Set<String>

  /// The rules that this program ships, in their order.
  /// - Throws: ``KeepRuleError``
  package static func shipped() throws(KeepRuleError) -> [KeepRule] {
    guard let tree = BundledFile.at("reset/keep-rules.yaml")?.tree else { throw .unreadable("no document") }
    var rules: [KeepRule] = []
    for entry in tree["rules"]?.items ?? [] { rules.append(try KeepRule(entry)) }
    guard !rules.isEmpty else { throw .unreadable("no rules") }
    return rules
  }

  private init(_ tree: DataTree) throws(KeepRuleError) {
    guard let id = tree.string("id"), let reason = tree.string("reason") else {
      throw .unreadable("a rule without id or reason")
    }
    let known: Set<String> = ["id", "reason", "when", "flags", "names", "sets"]
    if let unknown = tree.entries.map(\.key).first(where: { !known.contains($0) }) {
      throw .unreadable("rule '\(id)': unknown key '\(unknown)'")
    }
    self.id = id
    self.reason = reason
    conditions = tree.strings("when").map { $0.split(separator: "+").map(String.init) }
    flags = Set(tree.strings("flags"))
    sets = Set(tree.strings("sets"))
    let names = tree.strings("names").map(NamePattern.init)
    exactNames = Set(names.filter(\.isExact).map(\.text))
    patterns = names.filter { !$0.isExact }
    if let unknown = flags.subtracting(["essential", "protected", "important", "required"]).first {
      throw .unreadable("rule '\(id)': unknown flag '\(unknown)'")
    }
    if let unknown = sets.subtracting(PackageSets.names).first {
      throw .unreadable("rule '\(id)': unknown set '\(unknown)'")
    }
  }

  /// Whether the rule can hold on a running system only.
  var needsRunningSystem: Bool {
    !conditions.isEmpty && conditions.allSatisfy { $0.contains(where: SystemFacts.ofRunningSystems.contains) }
  }

  func applies(under facts: Set<String>) -> Bool {
    conditions.isEmpty || conditions.contains { $0.allSatisfy(facts.contains) }
  }

  /// - Parameter isNative: whether the package is of the system's own architecture or of all; priorities speak for those only.
  func matches(_ package: InstalledPackage, isNative: Bool, sets computed: PackageSets) -> Bool {
    if flags.contains("essential"), package.isEssential { return true }
    if flags.contains("protected"), package.isProtected { return true }
    if flags.contains("important"), package.isImportant { return true }
    if flags.contains("required"), isNative, package.priority == .required { return true }
    if exactNames.contains(package.id.name) || patterns.contains(where: { $0.matches(package.id.name) }) { return true }
    return sets.contains { computed.members[$0]?.contains(package.id) ?? false }
  }
}

/// The sets of packages that keep rules name and that are computed from the system.
package struct PackageSets: Sendable {
  static let names: Set<String> = ["running-kernel", "newest-kernel", "kernels", "self", "login-shells"]

  var members: [String: Set<PackageID>] = [:]
}

/// The shipped rules cannot be used: a mistake in this program's own data.
package enum KeepRuleError: ReportableError, Equatable {
  /// What is wrong with the document.
  case unreadable(String)

  package var failureKind: FailureKind { .failed }

  package var message: String {
    switch self {
    case .unreadable(let what): "the built-in keep rules: \(what); this is a defect of toolbox, please report it"
    }
  }
}
