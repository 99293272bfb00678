import CHostSystem

/// The width of the terminal behind a descriptor, in columns; nil when it is no terminal or does not know its width.
package func terminalColumns(_ descriptor: Int32) -> Int? {
  let columns = toolbox_terminal_columns(descriptor)
  return columns > 0 ? Int(columns) : nil
}
