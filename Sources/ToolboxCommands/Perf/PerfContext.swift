import PerfProbes
import PerfReference

/// What the perf commands share.
extension CommandContext {
  /// The whole reference with the recipes of the machine's administrator and of the user; what is wrong with these is noted.
  func recipeBook() throws -> RecipeBook {
    let own = OwnRecipes.read(environment: environment, userID: userID)
    for notice in own.notices { note(notice) }
    let book = try RecipeBook.bundled()
    return own.files.isEmpty ? book : book.adding(own.files)
  }

  /// A judge of what can run here, after asking the kernel and perf.
  func machineJudge() throws -> MachineJudge {
    MachineJudge(
      try PerfProbe.live(.commands, environment: environment, userID: userID), try DoctorWords.bundled())
  }
}
