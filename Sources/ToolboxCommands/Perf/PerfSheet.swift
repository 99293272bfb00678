import ArgumentParser
import PerfReference
import TerminalOutput

/// The forms of the sheet.
enum SheetFormat: String, ExpressibleByArgument, CaseIterable {
  case text, markdown, html, svg, json
}

/// `toolbox perf sheet`: the sheet in a form for other programs, or for paper.
struct PerfSheet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sheet", abstract: "Print the sheet as text, Markdown, HTML, SVG or JSON.",
    discussion: "The HTML prints on one A4 page: toolbox perf sheet --format html > perf.html.")

  @Option(help: "The form: text, markdown, html, svg or json; text unless named.")
  var format: SheetFormat?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if output.json, let format, format != .json {
      throw ValidationError("--json and --format \(format) exclude each other")
    }
  }

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let book = try context.recipeBook()
    switch format ?? (output.json ? .json : .text) {
    case .text: context.standardOutput.lines(SheetText.lines(try book.sheet(), paint: Paint(context.terminal)))
    case .markdown: context.standardOutput.write(SheetFormats.markdown(try book.sheet()))
    case .html: context.standardOutput.write(try SheetFormats.html(try book.sheet()))
    case .svg: context.standardOutput.write(SheetFormats.svg(try book.sheet()))
    case .json: try context.printJSON(RecipesDocument(try book.recipes().filter { $0.sheetLine != nil }))
    }
    try context.finish()
  }
}
