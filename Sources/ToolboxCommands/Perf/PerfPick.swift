import ArgumentParser
import BundledData
import PerfReference
import TerminalOutput

/// `toolbox perf pick`: a person chooses a recipe, and its command is printed for editing.
struct PerfPick: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pick", abstract: "Choose a recipe on the terminal and print its command for editing.",
    discussion: "Defaults are filled in; CAPITALS are left to fill in. The key bindings use it.")

  @Argument(help: ArgumentHelp("What to look for at the start.", valueName: "words"))
  var words: [String] = []

  func run() throws {
    let context = CommandContext.live()
    let recipe = try RecipePicker(context, try context.recipeBook()).pick(words)
    context.standardOutput.line(ShellText.line(try RecipeValues(recipe).draft()))
    try context.finish()
  }
}

/// A shell that there is a key binding for.
enum BindingShell: String, ExpressibleByArgument, CaseIterable {
  case bash, zsh, fish
}

/// `toolbox perf bindings`: the lines for a shell's start-up file.
struct PerfBindings: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bindings", abstract: "Print the key binding for a shell.",
    discussion: "Ctrl-X p then puts a chosen command on the prompt: eval \"$(toolbox perf bindings bash)\".")

  @Argument(help: "The shell: bash, zsh or fish.")
  var shell: BindingShell

  func run() throws {
    let context = CommandContext.live()
    let path = "shell/perf.\(shell.rawValue)"
    guard let file = BundledFile.at(path) else {
      throw RecipeError.missingKey(RecipePlace(file: "Data"), key: path)
    }
    // The build leaves the last line end away.
    context.standardOutput.line(String(file.text.reversed().drop { $0 == "\n" }.reversed()))
    try context.finish()
  }
}
