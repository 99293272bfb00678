/// A gap of a command template: what may stand in it, and what stands there when nobody says.
package struct Placeholder: Sendable, Equatable {
  /// What kind of value a gap takes. ``Vocabulary`` has the words for people.
  package enum Kind: String, Sendable, CaseIterable {
    case pid, tid, cpu, cgroup
    case event, tracepoint, filter, function, symbol, variable
    case duration, interval, frequency, count, size
    case file, output, path, library
    case text
    /// A program with its arguments: one word of the template, several arguments.
    case command
  }

  package let name: String
  package let kind: Kind
  package let defaultValue: String?

  package init(name: String, kind: Kind, defaultValue: String? = nil) {
    self.name = name
    self.kind = kind
    self.defaultValue = defaultValue
  }
}
