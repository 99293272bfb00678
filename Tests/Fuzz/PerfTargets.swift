import PerfReference

/// The explainer is made once, as the program does.
private let explainer = try? RecipeBook.bundled().explainer()

extension RecipeBook {
  fileprivate func explainer() throws -> PerfExplainer { try PerfExplainer(self) }
}

/// A command line of perf: as a line, and its pieces between NUL bytes as words. What can be explained is explained in full,
/// and the words of a line, quoted and split again, are the same.
@Sendable func fuzzPerfCommand(_ bytes: UnsafeBufferPointer<UInt8>) {
  guard let explainer else { fatalError("the reference is damaged") }
  let text = String(decoding: bytes, as: UTF8.self)
  if let line = try? ShellLine(text) {
    for command in line.commands {
      require(!command.words.isEmpty || !command.redirections.isEmpty, "a command of nothing")
      let words = command.words.map(\.text)
      guard !words.isEmpty, !words.contains(where: { $0.utf8.contains(0) }) else { continue }
      // A quoted word is never a sign, a prompt or a comment.
      let again = try? ShellLine(ShellText.line(["x"] + words))
      require(again?.commands.count == 1, "quoted words are several commands")
      require(again?.commands.first?.words.dropFirst().map(\.text) == words, "quoted and split, words change")
    }
  }
  if let explanation = try? explainer.explain([text]) { check(explanation) }
  let words = bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
  if let explanation = try? explainer.explain(["perf"] + words) {
    check(explanation)
    require(explanation.commands.count == 1, "words of a program's own are a line")
  }
}

private func check(_ explanation: Explanation) {
  require(explanation.commands.contains { $0.perf != nil }, "nothing of perf is explained")
  for perf in explanation.commands.compactMap(\.perf) {
    require(perf.options.allSatisfy { !$0.text.isEmpty && !$0.meaning.isEmpty }, "an option means nothing")
    require(perf.mistakes.allSatisfy { !$0.message.isEmpty && !$0.mend.isEmpty }, "a mistake without words")
    require(perf.mistakes.count <= 50, "more mistakes than anybody reads")
  }
}
