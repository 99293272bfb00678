/// The rows of a state by the series that they are of.
struct RowGroups {
  /// A series, or `linux-next`, and its rows in the order of the state.
  struct Group {
    let name: String
    var rows: [FeedRow]

    /// The newest version in it.
    var newest: KernelVersion? { rows.map(\.version).max() }
  }

  /// In the order of their names.
  private(set) var groups: [Group] = []

  init(_ rows: [FeedRow]) {
    for row in rows {
      let name = row.group
      let place = place(of: name)
      if place < groups.count, groups[place].name == name {
        groups[place].rows.append(row)
      } else {
        groups.insert(Group(name: name, rows: [row]), at: place)
      }
    }
  }

  /// nil where there are no rows of that name.
  subscript(name: String) -> Group? {
    let place = place(of: name)
    return place < groups.count && groups[place].name == name ? groups[place] : nil
  }

  /// Where a group is, or would be.
  private func place(of name: String) -> Int { groups.partitionPoint { $0.name < name } }
}
