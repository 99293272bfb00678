import FoundationEssentials
import Glibc

/// A real Debian system in a directory, made with mmdebstrap from the machine's own apt sources.
package final class LiveRoot: Sendable {
  package let path: String
  private let directory: TemporaryDirectory

  /// Why no such root can be made here; nil when it can.
  package static let obstacle: String? = {
    if geteuid() != 0 { return "not root: a system can only be made and entered as root" }
    if access("/usr/bin/mmdebstrap", X_OK) != 0 { return "mmdebstrap is not installed" }
    if sources == nil { return "this machine has no Debian sources to make a system from" }
    return nil
  }()

  /// The machine's own sources of the distribution: the first file that names an archive of Debian.
  private static let sources: String? = {
    let directory = "/etc/apt/sources.list.d"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    let files = names.filter { $0.hasSuffix(".sources") || $0.hasSuffix(".list") }.sorted().map { directory + "/" + $0 }
    return (["/etc/apt/sources.list"] + files).first { file in
      guard let data = FileManager.default.contents(atPath: file) else { return false }
      return String(decoding: data, as: UTF8.self).contains("debian-archive-keyring") || file.hasSuffix("sources.list")
    }
  }()

  /// The code name of the machine's own release, which its sources carry.
  package static let release: String = {
    let text = FileManager.default.contents(atPath: "/etc/os-release").map { String(decoding: $0, as: UTF8.self) } ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VERSION_CODENAME=") }
    return line.map { String($0.dropFirst("VERSION_CODENAME=".count)) } ?? "stable"
  }()

  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// Makes a system.
  /// - Parameter variant: as for mmdebstrap(1): `apt`, `important`, `standard`.
  /// - Throws: ``Failure`` with what mmdebstrap said, when the mirror cannot be reached for one.
  package init(variant: String) async throws {
    guard let sources = Self.sources else { throw Failure(description: Self.obstacle ?? "no sources") }
    directory = try TemporaryDirectory()
    path = directory("root")
    let made = try await ToolboxProcess.run(
      path: "/usr/bin/mmdebstrap", ["--quiet", "--variant=\(variant)", Self.release, path, sources])
    guard made.status == 0 else { throw Failure(description: "mmdebstrap: \(made.errors)") }
  }

  /// Runs a program inside, as its root, without a terminal.
  @discardableResult
  package func run(_ arguments: String...) async throws -> String {
    let outcome = try await ToolboxProcess.run(
      path: "/usr/sbin/chroot", [path] + arguments, environment: ["DEBIAN_FRONTEND": "noninteractive"])
    guard outcome.status == 0 else {
      throw Failure(description: "\(arguments.joined(separator: " ")): \(outcome.output)\(outcome.errors)")
    }
    return outcome.output
  }

  /// The names that dpkg has installed inside.
  package func installedNames() async throws -> Set<String> {
    let text = try await run("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n")
    return Set(
      text.split(separator: "\n").filter { $0.hasSuffix(" installed") }.map { String($0.split(separator: " ")[0]) })
  }

  /// One line for every file inside: its path, kind, owner, mode, size, times and content, so that two listings are equal
  /// only when nothing was written between them. Access times are not in it.
  package func fingerprint() async throws -> String {
    let script = """
      find . -xdev -printf '%p %y %u %g %m %s %T@ %C@ %l\\n' | sort
      find . -xdev -type f -print0 | sort -z | xargs -0 sha256sum
      """
    let outcome = try await ToolboxProcess.run(path: "/bin/sh", ["-c", script], workingDirectory: path)
    guard outcome.status == 0 else { throw Failure(description: outcome.errors) }
    return outcome.output
  }
}
