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

  @Option(help: "The form: text, markdown, html, svg or json.")
  var format: SheetFormat = .text

  @Option(help: "Colour the text: auto, always or never.")
  var color: ColorChoice = .auto

  func run() throws {
    let context = CommandContext.live(color: color)
    let book = try context.recipeBook()
    switch format {
    case .text: context.standardOutput.lines(SheetText.lines(try book.sheet(), paint: Paint(context.terminal)))
    case .markdown: context.standardOutput.write(SheetFormats.markdown(try book.sheet()))
    case .html: context.standardOutput.write(try SheetFormats.html(try book.sheet()))
    case .svg: context.standardOutput.write(SheetFormats.svg(try book.sheet()))
    case .json: try context.printJSON(RecipesDocument(try book.recipes().filter { $0.sheetLine != nil }))
    }
    try context.finish()
  }
}
