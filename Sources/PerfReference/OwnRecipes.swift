import Configuration
import DataTree
package import HostSystem

/// The recipes of a file that an administrator or a user wrote, in the form of `Data/perf/recipes/`.
package struct OwnRecipes: Sendable {
  let file: String
  let group: RecipeGroup
  let head: DataTree
  /// Those that can be read, each with its place in the file.
  let entries: [(index: Int, tree: DataTree)]

  /// What was found, and what is wrong with the rest.
  package struct Reading: Sendable {
    /// In the order in which they take each other's place.
    package var files: [OwnRecipes] = []
    /// A line for everything that was left out: `path:line:column: ...`.
    package var notices: [String] = []
  }

  /// Where `*.yaml` files are looked for: `/etc/toolbox/perf`, then `$XDG_CONFIG_HOME/toolbox/perf`.
  package static let folder = "perf"

  /// Reads all files there are. What is wrong in one does not harm the others.
  ///
  /// Nothing is parsed where there are no files, so that the sheet stays fast.
  package static func read(
    environment: [String: String], userID: UInt32, root: RootDirectory = RootDirectory()
  ) -> Reading {
    var reading = Reading()
    for folder in PersonalFiles.folders(folder, environment: environment) {
      let names: [String]
      do {
        names = try root.names(in: folder) ?? []
      } catch {
        reading.notices.append(error.message)
        continue
      }
      for name in names where name.hasSuffix(".yaml") && !name.hasPrefix(".") {
        let path = "\(folder)/\(name)"
        if let why = PersonalFiles.refusal(of: path, userID: userID, root: root) {
          reading.notices.append("\(root.hostPath(path)): ignored, since \(why)")
          continue
        }
        do {
          let bytes = try root.read(path, limit: 1 << 20)
          let file = try LocatedTree(parsing: bytes, path: root.hostPath(path))
          if let own = OwnRecipes(file, &reading.notices) { reading.files.append(own) }
        } catch let error as any ReportableError {
          reading.notices.append(error.message)
        } catch {
          reading.notices.append("\(path): \(error)")
        }
      }
    }
    return reading
  }

  /// Takes the recipes that can be read; the others become notices.
  /// - Returns: nil where the head of the file is wrong.
  init?(_ file: LocatedTree, _ notices: inout [String]) {
    self.file = file.path
    head = file.tree
    do {
      group = try RecipeReader(head, file: file.path).ownGroup()
    } catch {
      let steps = error.keyPath.map { LocatedTree.Step.key($0) }
      notices.append(
        Self.located(file, steps) { place throws(RecipeError) in
          _ = try RecipeReader(file.tree, file: place).ownGroup()
        })
      return nil
    }
    var entries: [(index: Int, tree: DataTree)] = []
    for (index, tree) in (head["recipes"]?.items ?? []).enumerated() {
      do {
        _ = try RecipeReader(tree, file: file.path, index: index).recipe(group: group.id)
        entries.append((index, tree))
      } catch {
        let steps = [LocatedTree.Step.key("recipes"), .item(index)] + error.keyPath.map { LocatedTree.Step.key($0) }
        let id = group.id
        notices.append(
          Self.located(file, steps) { place throws(RecipeError) in
            _ = try RecipeReader(tree, file: place, index: index).recipe(group: id)
          })
      }
    }
    self.entries = entries
  }

  /// The message of the error that `read` throws once more, with line and column in its place.
  private static func located(
    _ file: LocatedTree, _ steps: [LocatedTree.Step], _ read: (String) throws(RecipeError) -> Void
  ) -> String {
    let (line, column) = file.position(of: steps)
    do {
      try read("\(file.path):\(line):\(column)")
      return "\(file.path): cannot be read"
    } catch {
      return error.message
    }
  }
}
