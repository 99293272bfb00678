import Glibc
import TestSupport
import Testing

@testable import HostSystem

/// Programs on a terminal of their own, as nobody and in namespaces of their own.
@Suite(.enabled(if: geteuid() == 0, "not root: no namespaces can be made"))
struct TerminalSessionTests {
  private func run(
    _ script: String, answer: String = "", prompt: String? = nil, seconds: Int = 20
  ) throws -> TerminalSession.Outcome {
    try TerminalSession.run(
      ["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin", "ONLY": "this"], in: RootDirectory(),
      as: TerminalSession.Identity(userID: 65_534, groupID: 65_534), answer: Array(answer.utf8), prompt: prompt,
      seconds: seconds)
  }

  @Test func `a program runs as another user with a terminal, and its code comes back`() throws {
    let outcome = try run("id -u; id -G; tty -s && echo terminal; env | grep -c ONLY; ls /proc/self/fd; exit 7")
    #expect(outcome.ending == .exited(7))
    #expect(outcome.output.split(whereSeparator: \.isNewline).prefix(4) == ["65534", "65534", "terminal", "1"])
    #expect(outcome.output.contains("0  1  2"), "\(outcome.output)")
    #expect(try run("kill -9 $$").ending == .exited(137))
  }

  @Test func `what it asks for is answered when it hides what is typed, or has printed its prompt`() throws {
    let hidden = try run("stty -echo; printf 'Password: '; read -r word; echo \"got $word\"", answer: "se cret")
    #expect(hidden.output.contains("got se cret"))
    let prompted = try run("printf 'tell me: '; read -r word; echo \"got $word\"", answer: "x", prompt: "tell me: ")
    #expect(prompted.output.contains("got x"))
  }

  @Test func `a program that hangs is ended with everything that it started`() throws {
    let mark = "4\(getpid())"
    let outcome = try run("setsid sleep \(mark) & trap '' TERM HUP INT; sleep \(mark)", seconds: 1)
    #expect(outcome.ending == .timedOut)
    #expect(Self.processes(with: mark).isEmpty)
  }

  @Test func `what a program leaves running ends with it`() throws {
    let mark = "5\(getpid())"
    #expect(try run("setsid sleep \(mark) >/dev/null 2>&1 & sleep 0.3; exit 0").ending == .exited(0))
    #expect(Self.processes(with: mark).isEmpty)
  }

  @Test func `no mount is left, and the program sees its own processes only`() throws {
    let before = try RootDirectory().read("/proc/self/mountinfo")
    let outcome = try run("ls /proc | grep -c '^[0-9]'")
    #expect(Int(outcome.output.filter(\.isNumber)).map { $0 < 8 } == true, "\(outcome.output)")
    #expect(try RootDirectory().read("/proc/self/mountinfo") == before)
  }

  @Test func `a root that cannot be entered is told`() throws {
    let outcome = try TerminalSession.run(
      ["/bin/true"], environment: [:], in: RootDirectory("/nonexistent"),
      as: TerminalSession.Identity(userID: 65_534, groupID: 65_534), answer: [], seconds: 5)
    #expect(outcome.ending == .exited(126))
    #expect(outcome.output.contains("toolbox: cannot enter the root: ENOENT"))
  }

  /// The ids of processes that have a word among their arguments.
  private static func processes(with word: String) -> [String] {
    let names = (try? RootDirectory().names(in: "/proc")).flatMap { $0 } ?? []
    return names.filter { name in
      guard name.first?.isNumber == true, let bytes = try? RootDirectory().read("/proc/\(name)/cmdline") else {
        return false
      }
      return bytes.split(separator: 0).contains { $0.elementsEqual(word.utf8) }
    }
  }
}
