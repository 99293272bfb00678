import Foundation
import TestSupport
import Testing

/// The systemd units that are shipped.
@Suite struct KernelUnitTests {
  private static let directory = SharedCases.projectDirectory + "/Data/systemd"
  private static let services = ["toolbox-kernel.service", "toolbox-kernel-watch.service"]
  private static let analyze = "/usr/bin/systemd-analyze"

  private func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(Self.directory)/\(name)")), as: UTF8.self)
  }

  @Test(arguments: services)
  func `a service has a user and a state of its own, and nothing of the system to write`(name: String) throws {
    let lines = try text(name).split(separator: "\n")
    for line in [
      "DynamicUser=yes", "StateDirectory=toolbox-kernel", "ProtectSystem=strict", "NoNewPrivileges=yes",
      "CapabilityBoundingSet=",
    ] {
      #expect(lines.contains { $0 == line }, "\(line)")
    }
    // systemd would hand the whole of /var/lib/toolbox, which the reset keeps for root, to the service's user.
    #expect(!lines.contains { $0.hasPrefix("StateDirectory=") && $0 != "StateDirectory=toolbox-kernel" })
  }

  @Test(arguments: services)
  func `the command of a service is one that the program has`(name: String) async throws {
    let line = try #require(try text(name).split(separator: "\n").first { $0.hasPrefix("ExecStart=") })
    let words = line.dropFirst("ExecStart=".count).split(separator: " ").map(String.init)
    #expect(words.first == "/usr/local/bin/toolbox")
    let help = try await ToolboxProcess.run(words[1...2] + ["--help"])
    #expect(help.status == 0)
    for option in words where option.hasPrefix("--") { #expect(help.output.contains(option), "\(option)") }
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: analyze), "systemd-analyze is not installed"))
  func `systemd reads the units without a complaint and finds little exposed`() async throws {
    let directory = try TemporaryDirectory()
    for name in Self.services + ["toolbox-kernel.timer"] {
      // The program is not installed here; what systemd asks is only that something can be run.
      try directory.write(
        name, text: try text(name).replacingOccurrences(of: "/usr/local/bin/toolbox", with: "/bin/true"))
    }
    for name in Self.services + ["toolbox-kernel.timer"] {
      let verdict = try await ToolboxProcess.run(path: Self.analyze, ["verify", "--man=no", directory(name)])
      #expect(verdict.status == 0, "\(name)")
      #expect(verdict.output + verdict.errors == "", "\(name)")
    }
    for name in Self.services {
      let verdict = try await ToolboxProcess.run(
        path: Self.analyze, ["security", "--offline=true", "--threshold=20", directory(name)])
      #expect(verdict.status == 0, "\(name): an exposure of more than 2.0 of 10")
    }
  }
}
