import FoundationEssentials
import TestSupport
import Testing

/// The forms of the sheet.
@Suite struct PerfSheetTests {
  private static let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].first(
    where: FileManager.default.isExecutableFile)
  private static let canPrint =
    chromium != nil && FileManager.default.isExecutableFile(atPath: "/usr/bin/pdftohtml")

  private func sheet(_ format: String) async throws -> String {
    let outcome = try await ToolboxProcess.run(["perf", "sheet", "--format", format])
    #expect(outcome.status == 0)
    #expect(outcome.errors.isEmpty)
    return outcome.output
  }

  @Test func `the text and the JSON are those of the plain command`() async throws {
    #expect(try await sheet("text") == (try await ToolboxProcess.run(["perf"]).output))
    #expect(try await sheet("json") == (try await ToolboxProcess.run(["perf", "--json"]).output))
  }

  @Test(arguments: ["markdown", "html", "svg"])
  func `every line of the sheet is in every form`(format: String) async throws {
    let text = try await sheet(format)
    let plain = text.split(separator: "<", omittingEmptySubsequences: false).enumerated()
      .map { $0 == 0 ? String($1) : String($1.drop { $0 != ">" }.dropFirst()) }.joined()
      .replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
      .replacing("&amp;", with: "&").replacing("\\_", with: "_").replacing("\\|", with: "|")
    for line in try await sheet("text").split(separator: "\n").dropFirst() where line.hasPrefix(" ") {
      let start = try #require(line.firstRange(of: "  perf ")).lowerBound
      #expect(plain.contains(line[start...].dropFirst(2)), "\(line)")
    }
  }

  @Test(.enabled(if: canPrint, "chromium or pdftohtml is not installed"), .timeLimit(.minutes(5)))
  func `the HTML prints on one A4 page at seven points or more`() async throws {
    let directory = try TemporaryDirectory()
    try directory.write("sheet.html", text: try await sheet("html"))
    let printed = try await ToolboxProcess.run(
      path: try #require(Self.chromium),
      [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-pdf-header-footer",
        "--user-data-dir=\(directory("profile"))", "--print-to-pdf=\(directory("sheet.pdf"))", directory("sheet.html"),
      ], environment: ["HOME": directory.path])
    try #require(FileManager.default.fileExists(atPath: directory("sheet.pdf")), "\(printed.errors)")
    let facts = try await ToolboxProcess.run(path: "/usr/bin/pdfinfo", [directory("sheet.pdf")]).output
    let lines = facts.split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("Pages:") && $0.hasSuffix(" 1") }, "\(facts)")
    #expect(lines.contains { $0.hasPrefix("Page size:") && $0.hasSuffix("(A4)") }, "\(facts)")
    // Enlarged three times, the most there is, a size of 22 is more than seven points, whichever way it was rounded.
    let fonts = try await ToolboxProcess.run(
      path: "/usr/bin/pdftohtml", ["-xml", "-i", "-stdout", "-zoom", "3", directory("sheet.pdf")]
    ).output
    let sizes = fonts.split(separator: "\n").compactMap { line -> Int? in
      guard line.contains("<fontspec "), let range = line.firstRange(of: "size=\"") else { return nil }
      return Int(line[range.upperBound...].prefix { $0 != "\"" })
    }
    #expect(sizes.count >= 2)
    #expect(sizes.allSatisfy { $0 >= 22 }, "\(sizes)")
    // Nothing is cut off at the edge: the end of the longest command is on the page.
    let text = try await ToolboxProcess.run(path: "/usr/bin/pdftotext", ["-layout", directory("sheet.pdf"), "-"]).output
    for line in try await sheet("text").split(separator: "\n").dropFirst() where line.hasPrefix(" ") {
      let start = try #require(line.firstRange(of: "  perf ")).lowerBound
      #expect(text.contains(line[start...].dropFirst(2)), "\(line)")
    }
  }

  @Test(.enabled(if: chromium != nil, "chromium is not installed"), .timeLimit(.minutes(5)))
  func `a browser finds the SVG well formed`() async throws {
    let directory = try TemporaryDirectory()
    try directory.write("sheet.svg", text: try await sheet("svg"))
    let outcome = try await ToolboxProcess.run(
      path: try #require(Self.chromium),
      [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--user-data-dir=\(directory("profile"))", "--dump-dom", directory("sheet.svg"),
      ], environment: ["HOME": directory.path])
    #expect(outcome.output.contains("perf on one page"), "\(outcome.errors)")
    #expect(!outcome.output.contains("parsererror"))
    #expect(outcome.output.contains("</svg>"))
  }
}
