import HostSystem
import TestSupport
import Testing

@testable import Configuration

@Suite struct ResetPolicyTests {
  private func policy(_ text: String) throws -> ResetPolicy {
    try ResetPolicy(parsing: Array(text.utf8), path: "reset.yaml")
  }

  @Test func `every key is read with its line`() throws {
    let policy = try policy(
      """
      # standing wishes
      keep:
        - htop
        - "nvidia-*"
      remove: telnet
      protect-users: [anna]
      keep-kernels: 2
      baseline: /srv/stock.json

      """)
    #expect(policy.keep.map(\.value) == ["htop", "nvidia-*"])
    #expect(policy.keep.map(\.place) == ["reset.yaml:3", "reset.yaml:4"])
    #expect(policy.remove == [Located(value: "telnet", place: "reset.yaml:5")])
    #expect(policy.protectUsers.map(\.value) == ["anna"])
    #expect(policy.keepKernels?.value == 2)
    #expect(policy.baseline?.place == "reset.yaml:8")
  }

  @Test(arguments: ["", "# nothing\n", "---\n"])
  func `an empty file has no wishes`(text: String) throws {
    #expect(try policy(text) == ResetPolicy())
  }

  /// Every line doubles what the line before it stands for.
  @Test(arguments: ["[*a", "{? *a"])
  func `aliases of aliases as keys are refused at once`(opening: String) {
    var text = "a0: &a0 [x, x]\n"
    for level in 1..<40 {
      let alias = "\(opening)\(level - 1)"
      let rest = opening == "[*a" ? ", *a\(level - 1)]" : " : *a\(level - 1)}"
      text += "a\(level): &a\(level) \(alias)\(rest)\n"
    }
    text += "? *a39\n: 1\n"
    #expect(
      throws: ConfigurationError.notYAML(
        path: "reset.yaml", line: 1, column: 1, what: "79 aliases (*name) where at most 16 are taken")
    ) {
      try policy(text)
    }
  }

  @Test func `a few aliases are taken, and names with asterisks are none`() throws {
    let patterns = (0..<40).map { "  - 'lib\($0)*-dev'\n  - \"*-dbg\"\n" }.joined()
    let comments = String(repeating: "  # *not* one\n", count: 40)
    let policy = try policy("keep: &words [a]\nprotect-users: *words\nremove:\n\(comments)\(patterns)")
    #expect(policy.protectUsers.map(\.value) == ["a"])
    #expect(policy.remove.count == 80)
  }

  @Test func `an unknown key is named with line and column`() {
    #expect(
      throws: ConfigurationError.unknownKey(
        path: "reset.yaml", line: 2, column: 1, key: "kepe", known: ResetPolicy.keys)
    ) { try policy("keep: [a]\nkepe: [b]\n") }
  }

  @Test(arguments: [
    "keep: {a: b}", "keep: [[a]]", "keep-kernels: 0", "keep-kernels: many", "baseline: [a]", "- a", "just words",
  ])
  func `a value of the wrong kind is refused`(text: String) {
    #expect(throws: ConfigurationError.self) { try policy(text + "\n") }
  }

  @Test(arguments: ["keep: [a", "keep: \"a", "\tkeep: a", "a: b: c", "keep: &x [*x]\nkeep: *y"])
  func `what is no YAML is refused with its place`(text: String) {
    #expect(throws: ConfigurationError.self) { try policy(text + "\n") }
  }

  @Test func `a policy that others may write is refused`() async throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("reset.yaml", text: "keep: [a]\n")
    _ = try await ToolboxProcess.run(path: "/bin/chmod", ["664", path])
    #expect(
      throws: ConfigurationError.unsafeFile(
        path: path, what: "others than its owner may write it; run 'chmod go-w' on it")
    ) {
      try ResetPolicy.read(root: RootDirectory(), file: path, userID: 0)
    }
    _ = try await ToolboxProcess.run(path: "/bin/chmod", ["644", path])
    #expect(try ResetPolicy.read(root: RootDirectory(), file: path, userID: 0).keep.map(\.value) == ["a"])
  }
}
