import Foundation
import TestSupport
import Testing

/// SIGKILL from outside at one system call after another while an account is changed; the same operation again then ends where
/// it would have ended undisturbed.
@Suite(.enabled(if: AccountRoot.obstacle == nil, Comment(rawValue: AccountRoot.obstacle ?? "")))
struct ResetUsersKillTests {
  /// The calls that change something or make it last.
  private static let calls = ["renameat", "renameat2", "unlinkat", "mkdirat", "symlinkat", "fchown", "fsync"]

  private static let operations: [(name: String, before: [[String]], call: [String])] = [
    ("retire", [], ["retire", "anna"]), ("restore", [["retire", "anna"]], ["restore", "anna"]),
    ("purge", [["retire", "anna"]], ["purge", "anna"]),
    ("delete-home", [["retire", "anna"]], ["delete-home", "anna"]),
    ("rescue", [], ["rescue", "rescue", "sudo"]), ("settings-aside", [], ["settings-aside", "anna"]),
    ("settings-back", [["settings-aside", "anna"]], ["settings-back", "anna"]),
  ]

  private func run(_ root: AccountRoot, _ words: [String], through: [String] = []) async throws
    -> ToolboxProcess.Outcome
  {
    let all = through + [AccountRoot.helper, root.path, "r1"] + words
    return try await ToolboxProcess.run(path: all[0], Array(all.dropFirst()))
  }

  @Test(arguments: operations.indices)
  func `an operation that was killed anywhere ends the same when it is repeated`(index: Int) async throws {
    let operation = Self.operations[index]
    let start = try await AccountRoot()
    for words in operation.before { #expect(try await run(start, words).status == 0) }

    // The copies have other inodes than what their records tell: each of them is prepared by itself.
    func prepared() async throws -> AccountRoot {
      let root = try await AccountRoot()
      for words in operation.before { #expect(try await run(root, words).status == 0) }
      return root
    }
    let undisturbed = try await prepared()
    let trace = undisturbed.directory("trace")
    let whole = try await run(
      undisturbed, operation.call,
      through: ["/usr/bin/strace", "-f", "-q", "-o", trace, "-e", "trace=\(Self.calls.joined(separator: ","))"])
    #expect(whole.status == 0, "\(whole.errors)")
    let expected = try await undisturbed.state()
    let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: trace)), as: UTF8.self)
    var (points, same) = (0, 0)
    for call in Self.calls {
      let count = text.split(separator: "\n").filter { $0.contains(" \(call)(") }.count
      for number in stride(from: 1, through: count, by: call == "fsync" ? 3 : 1) {
        let root = try await prepared()
        let killed = try await run(
          root, operation.call,
          through: [
            "/usr/bin/strace", "-f", "-q", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
            "inject=\(call):signal=KILL:when=\(number)",
          ])
        #expect(killed.status == 128 + SIGKILL, "\(call) \(number): \(killed.status)")
        let again = try await run(root, operation.call)
        // A purge or a return that was cut off behind its last step left nothing to repeat.
        let isOver = operation.before.isEmpty == false && again.errors.contains("is kept here")
        let hasNoRecord = operation.name == "settings-back" && again.status == 4
        #expect(again.status == 0 || isOver || hasNoRecord, "\(call) \(number): \(again.errors)")
        let isSame = try await root.state() == expected
        #expect(isSame, "\(call) \(number)")
        points += 1
        if isSame { same += 1 }
      }
    }
    print("account \(operation.name): \(points) kill points, the same end at \(same)")
    #expect(points >= 5)
  }
}
