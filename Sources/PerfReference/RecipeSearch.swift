import Glibc

/// The texts of a recipe that a search looks at.
package struct SearchEntry: Sendable, Equatable {
  /// Its words count like those of the title.
  package let id: String
  /// What the recipe is for, in plain words.
  package let title: String
  /// Words and phrases that people search for.
  package let synonyms: [String]
  /// The template as text; the names of its gaps are found too.
  package let command: String
  /// Prose; what only stands here counts least.
  package let description: String

  /// The texts of one recipe, unchanged.
  package init(id: String, title: String, synonyms: [String], command: String, description: String) {
    self.id = id
    self.title = title
    self.synonyms = synonyms
    self.command = command
    self.description = description
  }
}

/// Finds recipes by words, best first.
///
/// Every word of the question counts once per recipe, with the best place it was found in: the same word, the same
/// stem, a longer word that starts with it. A word that is found nowhere is tried again as a misspelling. Rare words count
/// more than common ones, and a title or a synonym that consists of the question's words counts extra.
package struct RecipeSearch: Sendable {
  /// A recipe that was found.
  package struct Hit: Sendable, Equatable {
    /// The recipe's id.
    package let id: String
    /// Positive; only its order means something.
    package let score: Int
  }

  /// Where a word stands, and what it is worth there.
  private enum Field: Int {
    case description = 3
    case command = 6
    case synonym = 9
    case title = 10
  }

  /// How well a word matches, in tenths.
  private enum Quality {
    static let same = 10
    static let sameStem = 9
    static let beginning = 6
    static let misspelt = 5
  }

  /// A word of the book: a piece of `text`.
  private struct Token {
    let start: Int
    let end: Int
    let recipe: Int
    let field: Field
    let phrase: Int
  }

  private struct Phrase {
    let recipe: Int
    let tokens: Range<Int>
  }

  private let ids: [String]
  private var text: [UInt8] = []
  private var tokens: [Token] = []
  private var phrases: [Phrase] = []

  /// Words that say nothing about what is looked for.
  private static let stopWords: Set<String> = [
    "a", "all", "am", "an", "and", "any", "are", "as", "at", "be", "by", "can", "do", "does", "find", "for", "from",
    "get", "have", "how", "i", "if", "in", "into", "is", "it", "its", "me", "my", "not", "of", "on", "or", "our", "out",
    "perf", "see", "show", "so", "some", "that", "the", "their", "them", "there", "these", "they", "this", "to", "too",
    "via", "want", "was", "we", "were", "what", "when", "where", "which", "who", "whose", "why", "will", "with", "you",
    "your",
  ]

  /// Takes the texts apart; a few tenths of a millisecond for the whole reference.
  package init(_ entries: [SearchEntry]) {
    ids = entries.map(\.id)
    text.reserveCapacity(64 * 1024)
    tokens.reserveCapacity(16 * 1024)
    for (recipe, entry) in entries.enumerated() {
      add(entry.id, of: recipe, as: .title)
      add(entry.title, of: recipe, as: .title)
      for synonym in entry.synonyms { add(synonym, of: recipe, as: .synonym) }
      add(entry.command, of: recipe, as: .command)
      add(entry.description, of: recipe, as: .description)
    }
  }

  /// The recipes that match a question, best first; ties stay in the order of the book.
  /// - Parameter words: as typed; words of several parts (`cpu-clock`, `sched:sched_switch`) are taken apart.
  package func hits(_ words: [String]) -> [Hit] {
    let question = Self.question(words)
    guard !question.isEmpty else { return [] }
    var scores = [Double](repeating: 0, count: ids.count)
    var phraseWeight = [Double](repeating: 0, count: phrases.count)
    var phraseMatches = [Int](repeating: 0, count: phrases.count)
    for word in question {
      let found = places(of: word)
      guard let rarity = rarity(of: found.best) else { continue }
      for (recipe, value) in found.best.enumerated() where value > 0 { scores[recipe] += rarity * Double(value) }
      for phrase in found.phrases {
        phraseMatches[phrase] += 1
        phraseWeight[phrase] += rarity
      }
    }
    // The parts of `sched:sched_switch` stand in many places, but all of them in a row only where that name does.
    for name in Self.compounds(words) {
      let best = places { isCompound(name, at: $0) ? Quality.same : 0 }.best
      guard let rarity = rarity(of: best) else { continue }
      for (recipe, value) in best.enumerated() where value > 0 { scores[recipe] += rarity * Double(value) * 2 }
    }
    var bonus = [Double](repeating: 0, count: ids.count)
    for (index, phrase) in phrases.enumerated() where phraseMatches[index] > 0 {
      // How much of the question stands in the phrase, and how much of the phrase is the question.
      let covered = Double(phraseMatches[index]) / Double(question.count)
      let wordCount = max(phraseMatches[index], tellingWordCount(phrase))
      let filled = Double(phraseMatches[index]) / Double(wordCount)
      bonus[phrase.recipe] = max(bonus[phrase.recipe], phraseWeight[index] * 100 * covered * filled)
    }
    let total = scores.indices.map { Int((scores[$0] + bonus[$0]).rounded()) }
    let best = total.max() ?? 0
    let order = total.indices.filter { total[$0] > 0 && total[$0] * 4 >= best }
      .sorted { (total[$1], $0) < (total[$0], $1) }
    return order.map { Hit(id: ids[$0], score: total[$0]) }
  }

  /// How many words of a phrase say something. Counted for the few phrases that match, not for all of the book.
  private func tellingWordCount(_ phrase: Phrase) -> Int {
    tokens[phrase.tokens].count { token in
      !Self.stopWords.contains(String(decoding: text[token.start..<token.end], as: UTF8.self))
    }
  }

  /// How much a word tells that was found in these recipes; nil for one that was found nowhere.
  private func rarity(of best: [Int]) -> Double? {
    let count = best.count { $0 > 0 }
    return count > 0 ? log(1 + Double(ids.count) / Double(count)) : nil
  }

  /// The words of a question that have several parts, without what stands between the parts.
  private static func compounds(_ words: [String]) -> [[UInt8]] {
    words.prefix(32).compactMap { word in
      let parts = word.lowercased().utf8.split(whereSeparator: { !isWordByte($0) })
      return parts.count > 1 ? Array(parts.joined()) : nil
    }
  }

  /// The distinct words of a question that say something; all of them where none does.
  private static func question(_ words: [String]) -> [[UInt8]] {
    var all: [[UInt8]] = []
    // Nobody asks with more words than these; a pasted page would take time with the square of its words.
    for word in words.prefix(200) {
      for piece in word.lowercased().utf8.split(whereSeparator: { !isWordByte($0) }) where !all.contains(Array(piece)) {
        all.append(Array(piece))
      }
    }
    let telling = all.filter { !stopWords.contains(String(decoding: $0, as: UTF8.self)) }
    return Array((telling.isEmpty ? all : telling).prefix(32))
  }

  /// What a word is worth for each recipe, and the phrases that it stands in.
  private func places(of word: [UInt8]) -> (best: [Int], phrases: [Int]) {
    let stem = word[..<Self.stemLength(word[...])]
    let found = places { index in
      let token = tokens[index]
      // Whatever matches starts with the same letter; this keeps the rest rare.
      guard text[token.start] == word[0] else { return 0 }
      let letters = text[token.start..<token.end]
      if letters.elementsEqual(word) { return Quality.same }
      if stem.count >= 3 {
        if letters.prefix(Self.stemLength(letters)).elementsEqual(stem) { return Quality.sameStem }
        if letters.starts(with: word) { return Quality.beginning }
      }
      return isCompound(word, at: index) ? Quality.sameStem : 0
    }
    // A slip of the finger in a word of up to three letters makes another word; in longer ones it can be told.
    guard !found.best.contains(where: { $0 > 0 }), word.count >= 4 else { return found }
    let limit = word.count >= 8 ? 2 : 1
    return places { index in
      let token = tokens[index]
      // Descriptions are prose: their many words would catch every misspelling.
      guard token.field != .description, token.end - token.start >= 4 else { return 0 }
      return wordDistance(text[token.start..<token.end], word, limit: limit) == nil ? 0 : Quality.misspelt
    }
  }

  /// Whether a word is several tokens of one phrase in a row, written as one: `flamegraph`.
  private func isCompound(_ word: [UInt8], at index: Int) -> Bool {
    // The text holds the words of a phrase without anything between them.
    let start = tokens[index].start
    guard text.count - start >= word.count, text[start..<(start + word.count)].elementsEqual(word) else { return false }
    let rest = tokens[index...].prefix { $0.phrase == tokens[index].phrase }
    return rest.dropFirst().contains { $0.end == start + word.count }
  }

  /// - Parameter quality: how well the token with an index matches; 0 for not at all.
  private func places(_ quality: (Int) -> Int) -> (best: [Int], phrases: [Int]) {
    var best = [Int](repeating: 0, count: ids.count)
    var phrases: [Int] = []
    for (index, token) in tokens.enumerated() {
      let quality = quality(index)
      guard quality > 0 else { continue }
      best[token.recipe] = max(best[token.recipe], quality * token.field.rawValue)
      if token.field.rawValue >= Field.synonym.rawValue, quality != Quality.beginning, phrases.last != token.phrase {
        phrases.append(token.phrase)
      }
    }
    return (best, phrases)
  }

  private mutating func add(_ string: String, of recipe: Int, as field: Field) {
    let firstToken = tokens.count
    let phrase = phrases.count
    var start = text.count
    var string = string
    string.withUTF8 { bytes in
      for byte in bytes {
        if Self.isWordByte(byte) {
          text.append(byte)
        } else if byte >= UInt8(ascii: "A"), byte <= UInt8(ascii: "Z") {
          text.append(byte + 0x20)
        } else {
          endToken(from: start, recipe, field, phrase)
          start = text.count
        }
      }
    }
    endToken(from: start, recipe, field, phrase)
    phrases.append(Phrase(recipe: recipe, tokens: firstToken..<tokens.count))
  }

  private mutating func endToken(from start: Int, _ recipe: Int, _ field: Field, _ phrase: Int) {
    guard text.count > start else { return }
    tokens.append(Token(start: start, end: text.count, recipe: recipe, field: field, phrase: phrase))
  }

  /// Letters and digits; a byte of a character beyond ASCII counts as a letter.
  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...: true
    default: false
    }
  }

  /// The length of a word without the endings that only make it plural, past or ongoing.
  private static func stemLength(_ word: ArraySlice<UInt8>) -> Int {
    func ends(with ending: StaticString) -> Bool {
      ending.withUTF8Buffer { word.count >= $0.count + 3 && word.suffix($0.count).elementsEqual($0) }
    }
    if ends(with: "ches") || ends(with: "shes") || ends(with: "sses") || ends(with: "xes") { return word.count - 2 }
    if ends(with: "ing") { return word.count - 3 }
    if ends(with: "ed") { return word.count - 2 }
    if ends(with: "s"), !ends(with: "ss"), !ends(with: "us"), !ends(with: "is") { return word.count - 1 }
    return word.count
  }
}
