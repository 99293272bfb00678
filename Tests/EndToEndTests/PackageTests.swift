import Foundation
import Glibc
import TestSupport
import Testing

/// Where `make deb` leaves its file.
enum BuiltPackage {
  /// The package file beside the release binary; nil where it was not built.
  static let path: String? = {
    let directory =
      URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path + "/.build/deb"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.filter { $0.hasPrefix("linux-toolbox_") && $0.hasSuffix(".deb") }.sorted().last.map {
      "\(directory)/\($0)"
    }
  }()
}

/// Debian's package, as `make deb` leaves it: looked at by lintian, and installed, used, upgraded and removed on real systems.
@Suite(.enabled(if: BuiltPackage.path != nil, "the package is not built: make deb"))
struct PackageTests {
  @Test func `the package holds what it should, and is not too large`() async throws {
    let deb = try #require(BuiltPackage.path)
    let size = try #require(try FileManager.default.attributesOfItem(atPath: deb)[.size] as? Int)
    #expect(size <= 20 << 20, "\(size) bytes")
    let outcome = try await ToolboxProcess.run(path: "/usr/bin/dpkg-deb", ["--contents", deb])
    let lines = outcome.output.split(separator: "\n")
    let files = Set(lines.compactMap { $0.split(separator: " ").last.map { String($0.dropFirst()) } })
    for path in [
      "/usr/bin/toolbox", "/etc/toolbox/config.yaml", "/etc/toolbox/reset.yaml", "/usr/share/man/man1/toolbox.1.gz",
      "/usr/share/man/man1/toolbox-perf.1.gz", "/usr/share/man/man1/toolbox-reset.1.gz",
      "/usr/share/man/man1/toolbox-kernel.1.gz", "/usr/share/man/man5/toolbox-config.5.gz",
      "/usr/share/bash-completion/completions/toolbox", "/usr/share/zsh/vendor-completions/_toolbox",
      "/usr/share/fish/vendor_completions.d/toolbox.fish", "/usr/lib/systemd/system/toolbox-kernel.timer",
      "/usr/share/doc/linux-toolbox/copyright", "/usr/share/doc/linux-toolbox/changelog.gz",
    ] { #expect(files.contains(path), "\(path)") }
    #expect(lines.allSatisfy { $0.contains(" root/root ") })
    let conflicts = try await ToolboxProcess.run(path: "/usr/bin/dpkg-deb", ["--field", deb, "Conflicts"])
    #expect(conflicts.output == "podman-toolbox\n")
  }

  @Test(.enabled(if: access("/usr/bin/lintian", X_OK) == 0, "lintian is not installed"))
  func `lintian finds no errors`() async throws {
    // As root it only says that it should not be.
    let outcome = try await ToolboxProcess.run(
      path: "/usr/bin/lintian", ["--allow-root", "--fail-on", "error", try #require(BuiltPackage.path)])
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(!outcome.output.contains("E: "), "\(outcome.output)")
    print("lintian: \(outcome.output.isEmpty ? "nothing to say\n" : outcome.output)", terminator: "")
  }

  @Test(
    .enabled(if: LiveRoot.obstacle == nil, "\(LiveRoot.obstacle ?? "")"), arguments: ["bookworm", "trixie"])
  func `the package is installed, used, upgraded and removed`(release: String) async throws {
    let deb = try #require(BuiltPackage.path)
    let root: LiveRoot
    do {
      root = try await LiveRoot(variant: "apt", release: release)
    } catch let missing as LiveRoot.NotCarried {
      print("skipped: the package on \(release): \(missing)")
      return
    }
    /// Inside, with /proc as every system has it, in mounts of its own.
    func toolbox(_ words: String...) async throws -> String {
      let outcome = try await ToolboxProcess.run(
        path: "/usr/bin/unshare",
        [
          "--mount", "/bin/sh", "-c", #"mount -t proc proc "$1/proc" && exec chroot "$@""#, "sh", root.path, "toolbox",
        ] + words)
      try #require(outcome.status == 0, "\(words): \(outcome.status) \(outcome.errors)")
      return outcome.output
    }
    func isThere(_ name: String) -> Bool { FileManager.default.fileExists(atPath: root.path + "/" + name) }
    try root.write("usr/sbin/policy-rc.d", text: "#!/bin/sh\nexit 101\n")
    try await root.run("chmod", "755", "/usr/sbin/policy-rc.d")
    // The same package as an earlier version, to be upgraded from.
    try await AccountRoot.shell(
      #"""
      set -e; cp "$1" "$2/tmp/new.deb"; dpkg-deb -R "$1" "$2/tmp/old"
      sed -i 's/^Version: .*/Version: 0.0.1/' "$2/tmp/old/DEBIAN/control"
      dpkg-deb --root-owner-group -Znone --build "$2/tmp/old" "$2/tmp/old.deb" > /dev/null; rm -r "$2/tmp/old"
      """#, deb, root.path)
    try await root.run("apt-get", "install", "-qq", "-y", "--no-install-recommends", "/tmp/old.deb")
    #expect(try await root.run("dpkg-query", "-W", "-f", "${Version}", "linux-toolbox") == "0.0.1")
    // What the administrator wrote stays through an upgrade.
    try root.write("etc/toolbox/config.yaml", text: "color: never\n")
    try await root.run("apt-get", "install", "-qq", "-y", "--no-install-recommends", "/tmp/new.deb")
    #expect(try await root.run("cat", "/etc/toolbox/config.yaml") == "color: never\n")

    let version = try await root.run("dpkg-query", "-W", "-f", "${Version}", "linux-toolbox")
    #expect(try await toolbox("--version") == version + "\n")
    // A bare root has no /proc; each start counts, for the runtime's pool of threads aborts only one in fifty there.
    let starts = try await AccountRoot.shell(
      #"""
      test ! -e "$1/proc/self" || { echo "/proc is mounted"; exit 1; }
      for start in $(seq 300); do chroot "$1" toolbox --version || echo "$start: $?"; done | sort | uniq -c
      """#, root.path)
    #expect(starts.split(separator: "\n").map { $0.split(separator: " ") } == [["300", Substring(version)]])
    // And so do those that run another program, which the library for it could not do without that pool.
    try root.write("usr/local/bin/perf", text: "#!/bin/sh\necho perf version 6.1.9\n")
    try await root.run("chmod", "755", "/usr/local/bin/perf")
    let runs = try await AccountRoot.shell(
      #"""
      for start in $(seq 300); do
        chroot "$1" toolbox perf doctor > "$1/tmp/said" || { echo "$start: $?"; continue; }
        grep -c "perf 6.1.9 at /usr/local/bin/perf" "$1/tmp/said"
      done | sort | uniq -c
      """#, root.path)
    #expect(runs.split(separator: "\n").map { $0.split(separator: " ") } == [["300", "1"]])
    #expect(try await toolbox("perf").contains("perf record"))
    #expect(try await toolbox("kernel", "show", "4.15-rc6").contains("4.15-rc6"))
    #expect(try await toolbox("reset", "--dry-run", "--accept-baseline").contains("linux-toolbox"))
    #expect(try await toolbox("config", "check") == "")
    #expect(try await root.run("dpkg", "--verify", "linux-toolbox").contains("??5?????? c /etc/toolbox/config.yaml"))
    // Nothing is enabled by itself.
    let enabled = try await root.run("find", "/etc/systemd/system", "-name", "toolbox*")
    #expect(enabled == "")

    try root.write("var/lib/toolbox-kernel/kernel.sqlite", text: "")
    try root.write("var/lib/toolbox/reset/run/journal", text: "")
    try await root.run("apt-get", "remove", "-qq", "-y", "linux-toolbox")
    #expect(!isThere("usr/bin/toolbox"))
    #expect(isThere("etc/toolbox/config.yaml"))
    try await root.run("apt-get", "purge", "-qq", "-y", "linux-toolbox")
    #expect(!isThere("etc/toolbox"))
    #expect(!isThere("var/lib/toolbox-kernel"))
    #expect(isThere("var/lib/toolbox/reset/run/journal"))
    #expect(try await root.run("dpkg", "--audit") == "")
    print("package: installed, used, upgraded, removed and purged on \(release)")
  }
}
