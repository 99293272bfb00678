import FoundationEssentials
import TestSupport
import Testing

@testable import DebianPackages

@Suite struct DebianVersionTests {
  private func compare(_ left: String, _ right: String) -> Int {
    DebianVersion.compare(DebianVersion(left), DebianVersion(right)).signum()
  }

  @Test(arguments: [
    // Debian Policy 5.6.12: a tilde stands before the end, the end before letters, letters before all else.
    ["~~", "~~a", "~", "", "a"],
    ["1.0~beta1~svn1245", "1.0~beta1", "1.0", "1.0a", "1.0b", "1.0+b1"],
    ["1.0~~", "1.0~rc1", "1.0", "1.0-1~bpo12+1", "1.0-1", "1.0-1+b1", "1.0-1.1", "1.0-2"],
    ["1.2.9", "1.2.10", "1.10", "2", "10"],
    ["9999:~", "9999:0", "9999:1"], ["2.0", "1:0~", "1:0.1", "2:0", "10:0"],
    ["1.0Z", "1.0a"], ["1.0z", "1.0+", "1.0."], ["1-1", "1-2-1", "1-10-1"],
    ["6.1.0-9-amd64", "6.1.0-37-amd64", "6.12.20+rpt-rpi-v8"],
    ["18446744073709551615", "18446744073709551616", "99999999999999999999999999"],
  ])
  func `versions stand in the order of dpkg`(ascending: [String]) {
    for (index, left) in ascending.enumerated() {
      #expect(compare(left, left) == 0)
      for right in ascending[(index + 1)...] {
        #expect(compare(left, right) == -1, "\(left) before \(right)")
        #expect(compare(right, left) == 1, "\(right) after \(left)")
        #expect(DebianVersion(left) < DebianVersion(right))
      }
    }
  }

  @Test(arguments: [
    ("1.0", "1.0-0"), ("1.0", "0:1.0"), ("00:1.0", "1.0"), ("1.007", "1.7"), ("1.0-01", "1.0-1"), ("a0", "a"),
    ("", "0"), (":", ""), ("-", ""), ("1:", "1:0-0"),
  ])
  func `different texts may be one version`(left: String, right: String) {
    #expect(compare(left, right) == 0)
    #expect(compare(right, left) == 0)
    #expect(DebianVersion(left) != DebianVersion(right))
  }

  @Test func `the revision is what stands behind the last hyphen`() {
    #expect(DebianVersion("1:2.3-4").withoutRevision == "1:2.3")
    #expect(DebianVersion("2-3-4").withoutRevision == "2-3")
    #expect(DebianVersion("2.3").withoutRevision == "2.3")
    #expect("\(DebianVersion("1:2.3-4"))" == "1:2.3-4")
  }

  @Test func `the order of random versions is a total one`() {
    var generator = SeededGenerator(seed: 1)
    let versions = (0..<60).map { _ in randomVersion(&generator) }
    let orders = versions.map { a in versions.map { b in compare(a, b) } }
    for a in versions.indices {
      for b in versions.indices {
        #expect(orders[a][b] == -orders[b][a])
        for c in versions.indices where orders[a][b] <= 0 && orders[b][c] <= 0 && orders[a][c] > 0 {
          Issue.record("\(versions[a]) <= \(versions[b]) <= \(versions[c]), but not the first and the last")
        }
      }
    }
  }

  @Test func `any bytes can be compared`() {
    var generator = SeededGenerator(seed: 2)
    for _ in 0..<5000 {
      let (left, right) = (randomBytes(&generator), randomBytes(&generator))
      let order = left.withUnsafeBufferPointer { a in
        right.withUnsafeBufferPointer { b in (DebianVersion.compare(a, b), DebianVersion.compare(b, a)) }
      }
      #expect(order.0.signum() == -order.1.signum())
    }
  }

  @Test func `dpkg orders random pairs in the same way`() async throws {
    let shell = "/bin/sh"
    let dpkg = "/usr/bin/dpkg"
    guard FileManager.default.isExecutableFile(atPath: dpkg) else {
      print("skipped: there is no dpkg here")
      return
    }
    var generator = SeededGenerator(seed: 3)
    var pairs: [(String, String)] = []
    for _ in 0..<300 {
      // Versions for dpkg begin with a digit, so that it has nothing to warn of.
      let left = "1" + randomVersion(&generator)
      // Near relatives are the hard cases.
      let right = Bool.random(using: &generator) ? "1" + randomVersion(&generator) : relative(of: left, &generator)
      pairs.append((left, right))
    }
    let script = """
      while [ $# -gt 0 ]; do
        if \(dpkg) --compare-versions "$1" lt "$2"; then echo -1
        elif \(dpkg) --compare-versions "$1" gt "$2"; then echo 1
        else echo 0; fi
        shift 2
      done
      """
    let outcome = try await ToolboxProcess.run(path: shell, ["-c", script, "sh"] + pairs.flatMap { [$0.0, $0.1] })
    #expect(outcome.status == 0)
    let answers = outcome.output.split(separator: "\n").compactMap { Int($0) }
    try #require(answers.count == pairs.count)
    #expect(Set(answers) == [-1, 0, 1])
    for (pair, answer) in zip(pairs, answers) {
      #expect(compare(pair.0, pair.1) == answer, "\(pair.0) and \(pair.1)")
    }
  }

  private func randomVersion(_ generator: inout SeededGenerator) -> String {
    let alphabet = Array("0019aZ+~.")
    func part(_ length: ClosedRange<Int>) -> String {
      String(
        (0..<Int.random(in: length, using: &generator)).compactMap { _ in alphabet.randomElement(using: &generator) })
    }
    var text = part(1...5)
    if Int.random(in: 0..<3, using: &generator) == 0 { text += "-" + part(1...3) }
    return text
  }

  private func relative(of version: String, _ generator: inout SeededGenerator) -> String {
    switch Int.random(in: 0..<5, using: &generator) {
    case 0: version + "~"
    case 1: "0:" + version
    case 2: version + (version.contains("-") ? "0" : "-0")
    case 3: version.replacing("0", with: "00")
    default: version + "a"
    }
  }

  private func randomBytes(_ generator: inout SeededGenerator) -> [UInt8] {
    let alphabet: [UInt8] = [0, 0x2D, 0x30, 0x31, 0x3A, 0x61, 0x7E, 0x80, 0xFF]
    return (0..<Int.random(in: 0...6, using: &generator)).compactMap { _ in alphabet.randomElement(using: &generator) }
  }
}
