import ArgumentParser
import Compression
import HostSystem
import KernelReleases
import TerminalOutput

/// `toolbox kernel import FILE`: takes the content of a feed in that came on another way than the network.
struct KernelImport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Take in a feed from a file or from standard input.",
    discussion: """
      The format is recognised by the content; gzip, xz, lz4 and zstd are unpacked. What follows is the same as if the \
      feed had been fetched now.
      """)

  @Argument(help: "The files, or - for standard input.")
  var file: [String]

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  /// A collection of CVE records is larger than any feed that a server sends.
  static let limit = 64 << 20

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let store = try context.kernelStore(database.file)
    let fetcher = context.feedFetcher(store, over: context.httpClient())
    let text = KernelText(context.terminal)
    for name in file {
      let shown = name == "-" ? "standard input" : name
      let report = try fetcher.take(try content(name, shown: shown), named: shown)
      for notice in report.notices { context.note(notice) }
      if output.json {
        for event in report.outcome.events { try context.printJSONLine(event) }
      } else {
        context.standardOutput.lines(text.lines(of: report.outcome, from: shown, now: context.now()))
      }
    }
    try context.beginTracks(store)
    try context.finish()
  }

  private func content(_ name: String, shown: String) throws -> [UInt8] {
    let bytes =
      name == "-"
      ? try StandardInput.read(limit: Self.limit)
      : try StandardInput.readIfStream(absolutePath(name), limit: Self.limit)
        ?? RootDirectory().read(absolutePath(name), limit: Self.limit)
    let content = bytes.withUnsafeBufferPointer { bytes -> Result<[UInt8], CompressionError> in
      do throws(CompressionError) {
        return .success(try Decompression.open(bytes, limit: Self.limit))
      } catch {
        return .failure(error)
      }
    }
    return try content.mapError { KernelCommandError.badFile(shown, reason: $0.message) }.get()
  }
}
