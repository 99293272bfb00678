import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// The program as a whole: help, versions, wrong words.
@Suite struct ProgramTests {
  @Test func `the help names the three jobs`() async throws {
    let outcome = try await ToolboxProcess.run(["--help"])
    #expect(outcome.status == 0)
    for job in ["perf", "reset", "kernel"] { #expect(outcome.output.contains("  \(job) ")) }
    #expect(outcome.errors.isEmpty)
  }

  @Test(arguments: [["nonsense"], ["--nonsense"], ["perf", "--nonsense"]])
  func `wrong words end with the usage code and print nothing on standard output`(arguments: [String]) async throws {
    let outcome = try await ToolboxProcess.run(arguments)
    #expect(outcome.status == 64)
    #expect(outcome.output.isEmpty)
    #expect(!outcome.errors.isEmpty)
  }

  @Test func `what is no text is refused and not changed`() async throws {
    let outcome = try await AccountRoot.shell(
      #""$1" perf run profile-command file="$(printf 'caf\351')" --dry-run -- ls 2>&1 || echo "$?""#,
      ToolboxProcess.path)
    #expect(outcome.contains("argument 4, 'file=caf"), "\(outcome)")
    #expect(outcome.hasSuffix("64\n"))
  }

  /// Options of the command above, which has rules of its own for them.
  @Test(arguments: [
    (
      ["reset", "undo", "--yes", "--backup-password-fd", "9"],
      "toolbox reset undo: Unknown option '--backup-password-fd'"
    ),
    (
      ["reset", "users", "purge", "--yes", "x", "--nonsense"], "toolbox reset users purge: Unknown option '--nonsense'"
    ),
  ])
  func `a wrong option is told by the command that was named`(words: [String], says: String) async throws {
    let outcome = try await ToolboxProcess.run(words)
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains(says), "\(outcome.errors)")
  }

  /// The kernel would reap what toolbox starts, and nobody could learn how it ended.
  @Test func `whoever starts it may ignore the ends of programs`() async throws {
    let directory = try TemporaryDirectory()
    let outcome = try await AccountRoot.shell(
      #"printf '#!/bin/sh\necho perf version 6.1.9\n' > "$2"; chmod 755 "$2"; trap '' CHLD; exec "$1" perf doctor --perf "$2""#,
      ToolboxProcess.path, directory("perf"))
    #expect(outcome.contains("perf 6.1.9"), "\(outcome)")
  }

  /// Before Linux 5.3, and in containers that allow no more, the end of a program cannot be waited for together with its output.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/strace"), "strace is not installed"))
  func `without pidfd_open the ends of programs are found too`() async throws {
    let directory = try TemporaryDirectory()
    let perf = try directory.write("perf", text: "#!/bin/sh\nsleep 0.1; echo perf version 6.1.9; sleep 0.1\n")
    #expect(chmod(perf, 0o755) == 0)
    let outcome = try await ToolboxProcess.run(
      path: "/usr/bin/strace",
      [
        "-f", "-o", directory("trace"), "-e", "trace=pidfd_open", "-e", "inject=pidfd_open:error=ENOSYS",
        ToolboxProcess.path,
        "perf", "doctor", "--perf", perf,
      ])
    #expect(outcome.status == 0 && outcome.output.contains("perf 6.1.9"), "\(outcome.errors)")
    #expect(try String(contentsOfFile: directory("trace"), encoding: .utf8).contains("pidfd_open"))
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/ldd"), "ldd is not installed"))
  func `the program is not linked with libcurl`() async throws {
    let outcome = try await ToolboxProcess.run(path: "/usr/bin/ldd", [ToolboxProcess.path])
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("libsqlite3"))
    #expect(!outcome.output.contains("curl"))
  }

  @Test func `a full disk behind a redirection is an error, not a silence`() async throws {
    let outcome = try await ToolboxProcess.run(
      path: "/bin/sh", ["-c", "exec \"$0\" perf > /dev/full", ToolboxProcess.path])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("No space left on device"))
  }

  @Test func `a reader that goes away ends the program without a word`() async throws {
    let outcome = try await ToolboxProcess.run(
      path: "/bin/bash", ["-c", "set -o pipefail; \"$0\" perf list | head -1", ToolboxProcess.path])
    #expect(outcome.errors.isEmpty)
    #expect(outcome.output.split(separator: "\n").count == 1)
  }

  @Test func `help for a full disk is an error too`() async throws {
    let outcome = try await ToolboxProcess.run(
      path: "/bin/sh", ["-c", "exec \"$0\" --help > /dev/full", ToolboxProcess.path])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("No space left on device"))
  }

  @Test func `a closed output is an error, and no file takes its place`() async throws {
    let outcome = try await ToolboxProcess.run(
      path: "/bin/sh", ["-c", "exec \"$0\" kernel show 4.15-rc6 >&-", ToolboxProcess.path])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("Bad file descriptor"))
  }
}
