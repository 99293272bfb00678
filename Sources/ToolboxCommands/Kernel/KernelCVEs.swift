import ArgumentParser
import Configuration
import KernelReleases
import TerminalOutput

/// `toolbox kernel cves VERSION`: which of the stored CVE records affect a release, and where they were fixed.
struct KernelCVEs: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cves", abstract: "List the imported CVE records that affect a release, and where they were fixed.",
    discussion: """
      It knows the records that `toolbox kernel import FILE` has stored, and releases of kernel.org. A vendor's kernel has \
      fixes of its own: its number says nothing of it.
      """)

  @Argument(help: "A release of kernel.org, such as 6.1.77 or 6.8-rc3.")
  var version: String

  @Flag(help: "Also list records that do not affect it.")
  var all = false

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    guard let wanted = KernelVersion(version), wanted.line == .releases else {
      throw VulnerabilityQuestionError.of(version)
    }
    let report = VulnerabilityReport(
      of: wanted, records: try context.kernelVulnerabilities(database.file), isComplete: all)
    if report.recordCount == 0 {
      context.note("no CVE record is imported; `toolbox kernel import FILE` stores records of the CVE list")
    }
    if output.json {
      try context.printJSON(report)
    } else if report.recordCount > 0 {
      context.standardOutput.lines(VulnerabilityText(context.terminal).lines(of: report))
    }
    try context.finish()
  }
}

extension CommandContext {
  /// The stored records; none where there is no database.
  fileprivate func kernelVulnerabilities(_ given: String?) throws -> [Vulnerability] {
    let places = DatabaseLocation.readable(given: database(given), environment: environment, userID: userID)
    return try ReleaseStore.openForReading(places)?.vulnerabilities() ?? []
  }
}
