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

  /// Lower-case letters and underscores, as in the template's `{name}`.
  package let name: String
  /// What may stand in the gap; it decides how values are offered and checked.
  package let kind: Kind
  /// What stands there when nobody says; nil where a person has to say.
  package let defaultValue: String?

  /// A gap that has to be filled, unless there is a default.
  package init(name: String, kind: Kind, defaultValue: String? = nil) {
    self.name = name
    self.kind = kind
    self.defaultValue = defaultValue
  }
}
