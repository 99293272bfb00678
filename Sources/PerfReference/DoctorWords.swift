import BundledData
package import DataTree
import HostSystem

/// The words of the doctor and of needs that are not met: `Data/perf/doctor.yaml`.
package struct DoctorWords: Sendable {
  private let tree: DataTree
  private let place: RecipePlace

  /// The words of a document; `file` is its name for messages.
  package init(_ tree: DataTree, file: String) {
    self.tree = tree
    place = RecipePlace(file: file)
  }

  /// The words that were compiled in.
  package static func bundled() throws(RecipeError) -> DoctorWords {
    let path = "perf/doctor.yaml"
    guard let tree = BundledFile.at(path)?.tree else { throw .missingKey(RecipePlace(file: "Data"), key: path) }
    return DoctorWords(tree, file: "Data/\(path)")
  }

  /// What a check can say in one of its states.
  struct State {
    let verdict: DoctorCheck.Verdict
    let meaning: String
    /// nil where nothing has to be mended.
    let fix: String?
  }

  /// The ids of the checks, in their order.
  package var checkIDs: [String] { tree["checks"]?.items.compactMap { $0.string("id") } ?? [] }

  /// The names of the states of a check.
  package func stateNames(of check: String) -> [String] { entry(check)?["states"]?.entries.map(\.key) ?? [] }

  /// The title of a check and what it looks at.
  func head(of check: String) throws(RecipeError) -> (title: String, probed: String) {
    guard let entry = entry(check), let title = entry.string("title"), let probed = entry.string("probed") else {
      throw .missingKey(place, key: "checks.\(check).title")
    }
    return (title, probed)
  }

  func state(_ name: String, of check: String, on system: OSRelease, kind: String?) throws(RecipeError) -> State {
    let key = "checks.\(check).states.\(name)"
    guard let state = entry(check)?["states"]?.entries.first(where: { $0.key == name })?.value,
      let meaning = state.string("meaning"), let word = state.string("verdict")
    else { throw .missingKey(place, key: key) }
    guard let verdict = DoctorCheck.Verdict(rawValue: word) else {
      throw .unknownValue(place, key: key + ".verdict", found: word, expected: "ok, warn, fail or skip")
    }
    return State(verdict: verdict, meaning: meaning, fix: Self.fix(state["fix"], on: system, kind: kind))
  }

  /// The line for a kind of container, for the system, for one that it derives from, or for all.
  private static func fix(_ value: DataTree?, on system: OSRelease, kind: String?) -> String? {
    guard let value else { return nil }
    if let text = value.string { return text }
    let lines = Dictionary(
      value.entries.compactMap { entry in entry.value.string.map { (entry.key, $0) } },
      uniquingKeysWith: { first, _ in first })
    return system.choice(from: lines, before: kind)
  }

  /// Why a recipe cannot run, with its gaps unfilled.
  func reason(_ name: String) throws(RecipeError) -> String {
    for entry in tree["reasons"]?.entries ?? [] where entry.key == name {
      if let text = entry.value.string { return text }
    }
    throw .missingKey(place, key: "reasons.\(name)")
  }

  /// Build options of perf, each with the names that it has had and what its absence costs.
  var features: [(names: [String], missing: String)] {
    tree["features"]?.items.map { (($0.strings("name") + $0.strings("names")), $0.string("missing") ?? "") } ?? []
  }

  /// The version since which the packages of a system keep frame pointers; nil where they do not.
  func framePointers(since system: String) -> String? {
    tree["frame-pointers"]?.entries.first { $0.key == system }?.value.string
  }

  /// The programs whose code has no symbols of its own, and how to get them.
  package var runtimes: [(program: String, how: String)] {
    tree["runtimes"]?.items.compactMap { item in
      item.string("program").map { ($0, item.string("how") ?? "") }
    } ?? []
  }

  private func entry(_ check: String) -> DataTree? {
    tree["checks"]?.items.first { $0.string("id") == check }
  }
}
