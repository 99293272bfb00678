import BundledData
import DataTree
import HostSystem

/// The words and limits of the check of a profile: `Data/perf/check.yaml`.
struct CheckWords {
  /// The file that was compiled in lacks something; the tests hold it complete.
  struct Incomplete: ReportableError {
    let key: String
    var failureKind: FailureKind { .failed }
    var message: String { "Data/perf/check.yaml: \(key) is missing; install toolbox again" }
  }

  private let tree: DataTree
  private let system: OSRelease

  init(system: OSRelease) throws(Incomplete) {
    guard let tree = BundledFile.at("perf/check.yaml")?.tree else { throw Incomplete(key: "the file") }
    self.tree = tree
    self.system = system
  }

  var roots: Set<String> { Set(tree.strings("roots")) }

  func title(of check: String) throws(Incomplete) -> String {
    guard let title = entry(check)?.string("title") else { throw Incomplete(key: "checks.\(check).title") }
    return title
  }

  func state(
    _ verdict: ProfileCheck.Verdict, of check: String, _ values: [String: String]
  ) throws(Incomplete) -> (meaning: String, fix: String?) {
    let state = entry(check)?["states"]?.entries.first { $0.key == verdict.rawValue }?.value
    guard let state, let meaning = state.string("meaning") else {
      throw Incomplete(key: "checks.\(check).states.\(verdict.rawValue)")
    }
    return (meaning.filled(values), fix(state["fix"])?.filled(values))
  }

  /// A number from the limits of a check; nil where it has none.
  func limit(_ verdict: ProfileCheck.Verdict, of check: String) -> Double? {
    let limits = tree["limits"]?.entries.first { $0.key == check }?.value
    return limits?.entries.first { $0.key == verdict.rawValue }?.value.string.flatMap(Double.init)
  }

  /// What to say of an object whose symbols are in this state.
  func object(_ state: String, _ values: [String: String]) throws(Incomplete) -> (found: String, fix: String?) {
    let entry = tree["objects"]?.entries.first { $0.key == state }?.value
    guard let entry, let found = entry.string("found") else { throw Incomplete(key: "objects.\(state)") }
    return (found, fix(entry["fix"])?.filled(values))
  }

  /// A language, by an object that its programs load.
  struct Language: Sendable {
    let name: String
    /// The beginning of the object's file name.
    let object: String
    /// How stacks are had that can be followed.
    let stacks: String
    /// How a map of code made at run time is had; empty where the language has no such code.
    let map: String
  }

  var languages: [Language] {
    tree["languages"]?.items.map {
      Language(
        name: $0.string("name") ?? "", object: $0.string("object") ?? "?", stacks: $0.string("stacks") ?? "",
        map: $0.string("map") ?? "")
    } ?? []
  }

  private func entry(_ check: String) -> DataTree? { tree["checks"]?.items.first { $0.string("id") == check } }

  private func fix(_ value: DataTree?) -> String? {
    guard let value else { return nil }
    if let text = value.string { return text }
    return system.choice(
      from: Dictionary(
        value.entries.compactMap { entry in entry.value.string.map { (entry.key, $0) } },
        uniquingKeysWith: { first, _ in first }))
  }
}
