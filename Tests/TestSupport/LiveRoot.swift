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

  /// The machine's sources do not have a release (any more), or cannot be reached: a reason to skip, not to fail.
  package struct NotCarried: Error, CustomStringConvertible {
    package let description: String
  }

  /// The machine's own sources, made to name another release: the same archive and the same key, without the suites for
  /// updates, since old releases do not keep those.
  /// - Throws: ``NotCarried``, when the sources do not name the machine's release, so that nothing can be put in its place.
  private static func sources(of release: String, like path: String) throws -> String {
    let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    let own = Self.release
    func names(_ line: some StringProtocol) -> Bool { line.split(separator: " ").contains { $0 == own } }
    var entries: [String] = []
    if path.hasSuffix(".sources") {
      for stanza in text.split(separator: "\n\n") {
        let lines = stanza.split(separator: "\n")
        guard lines.contains(where: { $0.hasPrefix("Suites:") && names($0) }) else { continue }
        entries.append(lines.map { $0.hasPrefix("Suites:") ? "Suites: \(release)" : $0 }.joined(separator: "\n"))
      }
    } else {
      for line in text.split(separator: "\n") where line.hasPrefix("deb ") && names(line) {
        entries.append(line.split(separator: " ").map { $0 == own ? release : String($0) }.joined(separator: " "))
      }
    }
    guard !entries.isEmpty else {
      throw NotCarried(description: "the machine's sources do not name \(own), so none can be made for \(release)")
    }
    return entries.joined(separator: "\n\n") + "\n"
  }

  /// Makes a system, with apt's lists and dpkg's log in it as on an installed one.
  /// - Parameter variant: as for mmdebstrap(1): `apt`, `important`, `standard`.
  /// - Parameter release: its code name.
  /// - Parameter including: packages besides those of the variant.
  /// - Throws: ``NotCarried``, when the machine's sources do not have the release; ``Failure`` with what mmdebstrap said,
  ///   when the archive cannot be reached for one.
  package init(variant: String, release: String = LiveRoot.release, including: [String] = []) async throws {
    guard let own = Self.sources else { throw Failure(description: Self.obstacle ?? "no sources") }
    directory = try TemporaryDirectory()
    path = directory("root")
    var sources = own
    if release != Self.release {
      let text = try Self.sources(of: release, like: own)
      sources = try directory.write(own.hasSuffix(".sources") ? "debian.sources" : "debian.list", text: text)
    }
    let made = try await ToolboxProcess.run(
      path: "/usr/bin/mmdebstrap",
      [
        "--quiet", "--variant=\(variant)", "--dpkgopt=force-unsafe-io", "--aptopt=Acquire::Languages \"none\"",
        "--skip=cleanup/apt/lists,cleanup/reproducible",
      ] + (including.isEmpty ? [] : ["--include=" + including.joined(separator: ",")]) + [release, path, sources])
    guard made.status == 0 else {
      if made.errors.contains("does not have a Release file") || made.errors.contains("404  Not Found") {
        throw NotCarried(description: "the machine's sources do not carry \(release)")
      }
      // The step that fetches the lists, before anything is made of them: the archive is out of reach.
      if made.errors.contains("apt-get update") {
        throw NotCarried(description: "the archive of the machine's sources cannot be reached")
      }
      throw Failure(description: "mmdebstrap: \(made.errors)")
    }
  }

  /// Runs a program inside, as its root, without a terminal.
  @discardableResult
  package func run(_ arguments: String...) async throws -> String { try await run(arguments) }

  /// Runs a program inside, as its root, without a terminal.
  @discardableResult
  package func run(_ arguments: [String]) async throws -> String {
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

  /// `name:architecture` of what dpkg has installed inside.
  package func installed() async throws -> Set<String> {
    let text = try await run("dpkg-query", "-W", "-f", "${Package}:${Architecture} ${db:Status-Status}\n")
    return Set(
      text.split(separator: "\n").filter { $0.hasSuffix(" installed") }.map { String($0.split(separator: " ")[0]) })
  }

  /// Writes a text file inside, with the directories above it.
  package func write(_ name: String, text: String) throws {
    try directory.write("root/" + name, text: text)
  }

  /// Writes a file beside the system, not in it, and gives its path.
  package func writeBeside(_ name: String, _ content: some Sequence<UInt8>) throws -> String {
    try directory.write(name, content)
  }

  /// Removes a file or a directory inside.
  package func remove(_ name: String) throws {
    try FileManager.default.removeItem(atPath: path + "/" + name)
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
