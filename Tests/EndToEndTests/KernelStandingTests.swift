import TestSupport
import Testing

/// `toolbox kernel` and `toolbox kernel check` on made-up roots, without a network and without a database.
@Suite struct KernelStandingTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try directory.write("root/etc/os-release", text: "ID=debian\n")
    try directory.write(
      "root/var/lib/dpkg/status",
      text: """
        Package: dpkg
        Status: install ok installed
        Version: 1.21.22
        Architecture: amd64

        Package: linux-image-6.1.0-35-amd64
        Status: install ok installed
        Version: 6.1.137-1
        Architecture: amd64


        """)
    try directory.write(
      "root/var/lib/apt/lists/a_main_binary-amd64_Packages",
      text: """
        Package: linux-image-amd64
        Version: 6.1.140-1
        Architecture: amd64
        Depends: linux-image-6.1.0-37-amd64 (= 6.1.140-1)

        Package: linux-image-6.1.0-37-amd64
        Version: 6.1.140-1
        Architecture: amd64

        """)
  }

  private func run(_ arguments: String...) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(["kernel"] + arguments + ["--database", directory("none.sqlite")])
  }

  @Test func `a root that does not run shows its kernels and leaves the running one out`() async throws {
    let outcome = try await run("status", "--root", directory("root"))
    #expect(outcome.status == 0)
    #expect(
      outcome.output.hasPrefix(
        """
        Running    not this system: what runs is not the kernel of this root
        Installed  6.1.0-35-amd64, upstream 6.1.137
        Candidate  6.1.0-37-amd64, upstream 6.1.140 (linux-image-amd64 6.1.140-1)
        Reboot     not known: the running kernel is not that of this root

        Current releases
          mainline  7.3-rc1   2026-08-30
          rc        7.3-rc1   2026-08-30
          stable    7.2.2     2026-08-28
          6.18      6.18.48   2026-08-28  supported until 2028-12-31
        """))
  }

  @Test func `the document of a root has what scripts rely on`() async throws {
    let outcome = try await run("--root", directory("root"), "--json")
    #expect(try JSONSchema(fileNamed: "toolbox.kernel.status.1.json").violations(in: outcome.output) == [])
    for line in [
      #""installed_newest" : "6.1.0-35-amd64""#, #""installed_newest_upstream" : "6.1.137""#,
      #""candidate" : "6.1.0-37-amd64""#, #""candidate_upstream" : "6.1.140""#, #""reboot_required" : null"#,
      #""behind" : null"#, #""version" : "7.3-rc2""#, #""place" : "root""#, #""stale" : true"#,
    ] { #expect(outcome.output.contains(line), "\(line)") }
  }

  @Test func `the running kernel is told in at most five lines, and fits any width`() async throws {
    for columns in ["60", "80"] {
      let outcome = try await ToolboxProcess.run(
        ["kernel", "--database", directory("none.sqlite")], environment: ["COLUMNS": columns])
      #expect(outcome.status == 0)
      #expect(outcome.output.hasPrefix("Running  "))
      #expect(!outcome.output.contains("\u{1B}"))
      #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= Int(columns) ?? 0 })
    }
  }

  @Test func `a check gives its verdict in every form`() async throws {
    let text = try await run("check", "--root", directory("root"))
    #expect(text.status == 0)
    #expect(text.output.hasPrefix("unknown: "))
    #expect(text.output.split(separator: "\n").count == 1)
    let plugin = try await run("check", "--root", directory("root"), "--format", "nagios")
    #expect(plugin.status == 3)
    #expect(plugin.output.hasPrefix("KERNEL UNKNOWN - the running kernel is not that of this root"))
    for arguments in [["--format", "json"], ["--json"]] {
      let json = try await ToolboxProcess.run(
        ["kernel", "check", "--database", directory("none.sqlite")] + arguments)
      #expect(json.status == 0)
      #expect(try JSONSchema(fileNamed: "toolbox.kernel.check.1.json").violations(in: json.output) == [])
    }
  }

  @Test func `metrics appear in one step, readable by the collector`() async throws {
    let file = directory("kernel.prom")
    let outcome = try await run("check", "--format", "prometheus", "--output", file)
    #expect(outcome.status == 0)
    #expect(outcome.output.isEmpty)
    let listing = try await ToolboxProcess.run(path: "/usr/bin/stat", ["-c", "%a %F", file])
    #expect(listing.output == "644 regular file\n")
    let content = try await ToolboxProcess.run(path: "/bin/cat", [file]).output
    #expect(content.contains("# TYPE toolbox_kernel_latest_info gauge\ntoolbox_kernel_latest_info{track=\"mainline\""))
    #expect(content.hasSuffix("toolbox_kernel_stale 1\n"))
    // Nothing is left beside it.
    let names = try await ToolboxProcess.run(path: "/bin/ls", ["-A", directory.path]).output
    #expect(names == "kernel.prom\nroot\n")
  }

  @Test func `wrong words and places are refused`() async throws {
    for arguments in [
      ["--format", "yaml"], ["--json", "--format", "text"],
      ["--warn-days=-1"], ["--fail-if", "old"],
    ] {
      let outcome = try await ToolboxProcess.run(["kernel", "check"] + arguments)
      #expect(outcome.status == 64, "\(arguments)")
      #expect(outcome.output.isEmpty)
    }
    #expect(try await run("check", "--root", directory("nowhere")).status == 1)
    #expect(try await run("check", "--output", directory("nowhere/file")).status == 1)
    let plugin = try await run("check", "--root", directory("nowhere"), "--format", "nagios")
    #expect(plugin.status == 3)
    #expect(plugin.output.hasPrefix("KERNEL UNKNOWN - "))
  }
}
